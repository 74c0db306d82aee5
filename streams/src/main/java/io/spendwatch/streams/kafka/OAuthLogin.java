package io.spendwatch.streams.kafka;

import static io.spendwatch.streams.base.ConfigSection.check;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule;

/**
 * What kafka-clients need for {@code OAUTHBEARER} beside what an operator has to say: by themselves
 * they make tokens that nobody has signed, and ask no address that the JVM does not name. No state
 * but the JVM's own list of addresses.
 */
final class OAuthLogin {
  /** Of the JVM: the addresses that kafka-clients may ask for tokens and keys. */
  private static final String ALLOWED_URLS = "org.apache.kafka.sasl.oauthbearer.allowed.urls";

  private static final String TOKENS = SaslConfigs.SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL;

  private OAuthLogin() {}

  /**
   * The same properties, with what is missing. The address that they name for tokens is allowed in
   * this JVM from then on: the operator has named it, and no record or request can name another.
   *
   * @throws IllegalArgumentException if they do not say where tokens are to be had
   */
  static Map<String, String> completed(Map<String, String> properties) {
    if (!OAuthBearerLoginModule.OAUTHBEARER_MECHANISM.equals(
        properties.get(SaslConfigs.SASL_MECHANISM))) {
      return properties;
    }
    Map<String, String> all = new HashMap<>(properties);
    all.putIfAbsent(
        SaslConfigs.SASL_JAAS_CONFIG, OAuthBearerLoginModule.class.getName() + " required;");
    if (all.putIfAbsent(
            SaslConfigs.SASL_LOGIN_CALLBACK_HANDLER_CLASS,
            (all.containsKey(ClientSecretFromFile.FILE)
                    ? ClientSecretFromFile.class
                    : OAuthBearerLoginCallbackHandler.class)
                .getName())
        == null) {
      String tokens = all.getOrDefault(TOKENS, "");
      check(
          tokens.matches("(https?|file):.+"),
          "spendwatch.kafka.properties." + TOKENS,
          tokens.isEmpty() ? "missing" : tokens,
          "where the issuer gives tokens, https://…, or a file with one, file:/…");
      allow(tokens);
    }
    return all;
  }

  private static synchronized void allow(String url) {
    String before = System.getProperty(ALLOWED_URLS, "");
    Set<String> allowed =
        new LinkedHashSet<>(before.isBlank() ? List.of() : List.of(before.split(",", -1)));
    if (allowed.add(url)) {
      System.setProperty(ALLOWED_URLS, String.join(",", allowed));
    }
  }
}
