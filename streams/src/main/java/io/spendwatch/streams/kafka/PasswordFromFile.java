package io.spendwatch.streams.kafka;

import io.spendwatch.streams.base.SecretFile;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.authenticator.SaslClientCallbackHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Name and password that a Kafka client shows with each connection, as the file of its login
 * configuration has them then: kafka-clients by themselves show what was there when they were made.
 * A client that is refused tries again, and so takes a password that was exchanged meanwhile. What
 * is no login configuration leaves in force what was before.
 *
 * <p>Made by kafka-clients, by its name; blocks for the file, on a thread of the client's.
 * Thread-safe.
 */
public final class PasswordFromFile implements AuthenticateCallbackHandler {
  /** Among a client's properties: which file. */
  static final String FILE = "spendwatch.sasl.jaas.config.file";

  private static final Logger LOG = LoggerFactory.getLogger(PasswordFromFile.class);
  private static final String SETTING =
      "spendwatch.kafka.property-files." + SaslConfigs.SASL_JAAS_CONFIG;
  private static final String NAME = "username";
  private static final String PASSWORD = "password";

  /** Knows the rest of what a mechanism asks, and what the client was made with. */
  private final SaslClientCallbackHandler made = new SaslClientCallbackHandler();

  private @Nullable SecretFile file;
  private String read = "";
  private Map<String, ?> login = Map.of();

  @Override
  public synchronized void configure(
      Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
    made.configure(configs, mechanism, entries);
    file = new SecretFile(SETTING, String.valueOf(configs.get(FILE)));
  }

  @Override
  public synchronized void handle(Callback[] callbacks) throws UnsupportedCallbackException {
    look();
    for (Callback callback : callbacks) {
      if (callback instanceof NameCallback name && login.get(NAME) instanceof String shown) {
        name.setName(shown);
      } else if (callback instanceof PasswordCallback password
          && login.get(PASSWORD) instanceof String shown) {
        password.setPassword(shown.toCharArray());
      } else {
        made.handle(new Callback[] {callback});
      }
    }
  }

  private void look() {
    String now = file == null ? read : file.get();
    if (now.equals(read)) {
      return;
    }
    read = now;
    try {
      login =
          JaasContext.loadClientContext(Map.of(SaslConfigs.SASL_JAAS_CONFIG, new Password(now)))
              .configurationEntries()
              .getFirst()
              .getOptions();
    } catch (KafkaException | IllegalArgumentException e) {
      // Its message repeats what was not understood.
      LOG.atWarn()
          .addKeyValue("setting", SETTING)
          .log("The file holds no login configuration any more; what was in it holds");
    }
  }

  @Override
  public void close() {
    made.close();
  }
}
