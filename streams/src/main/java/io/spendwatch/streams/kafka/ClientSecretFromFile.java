package io.spendwatch.streams.kafka;

import io.spendwatch.streams.base.SecretFile;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler;
import org.jspecify.annotations.Nullable;

/**
 * Asks an issuer for tokens with the client's secret as its file has it then: kafka-clients by
 * themselves show what was there when they were made, whenever a token is to be renewed.
 *
 * <p>Made by kafka-clients, by its name; blocks for file and issuer, on a thread of the client's.
 * Thread-safe.
 */
public final class ClientSecretFromFile implements AuthenticateCallbackHandler {
  /** Among a client's properties: which file. */
  static final String FILE = "spendwatch.sasl.oauthbearer.client.credentials.client.secret.file";

  static final String SECRET = SaslConfigs.SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_SECRET;

  /** How the handler that asks is made anew. */
  private record Made(
      Map<String, Object> configs, String mechanism, List<AppConfigurationEntry> entries) {}

  private @Nullable Made made;
  private @Nullable SecretFile file;
  private String shown = "";
  private OAuthBearerLoginCallbackHandler asking = new OAuthBearerLoginCallbackHandler();

  @Override
  public synchronized void configure(
      Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
    made = new Made(new HashMap<>(configs), mechanism, entries);
    file =
        new SecretFile(
            "spendwatch.kafka.property-files." + SECRET, String.valueOf(configs.get(FILE)));
    shown = file.get();
    configure(asking, made);
  }

  private void configure(OAuthBearerLoginCallbackHandler handler, Made from) {
    Map<String, Object> configs = new HashMap<>(from.configs());
    configs.put(SECRET, new Password(shown));
    handler.configure(configs, from.mechanism(), from.entries());
  }

  @Override
  public synchronized void handle(Callback[] callbacks)
      throws IOException, UnsupportedCallbackException {
    String now = file == null ? shown : file.get();
    if (made != null && !now.equals(shown)) {
      shown = now;
      asking.close();
      asking = new OAuthBearerLoginCallbackHandler();
      configure(asking, made);
    }
    asking.handle(callbacks);
  }

  @Override
  public synchronized void close() {
    asking.close();
  }
}
