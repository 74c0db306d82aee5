package io.spendwatch.streams.kafka;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.SslConfigs;

/**
 * Has kafka-clients read again what they log in with, wherever it stands in files: passwords with
 * each connection, an issuer's secret with each token, certificates with each connection after they
 * were written. Who names a handler or a factory of their own has that. Stateless.
 */
final class RenewedLogin {
  private RenewedLogin() {}

  /**
   * The same properties, with what is missing.
   *
   * @param files by the names of the properties that stand in them
   */
  static Map<String, String> completed(Map<String, String> properties, Map<String, String> files) {
    Map<String, String> all = new HashMap<>(properties);
    String mechanism = all.getOrDefault(SaslConfigs.SASL_MECHANISM, SaslConfigs.GSSAPI_MECHANISM);
    String login = files.getOrDefault(SaslConfigs.SASL_JAAS_CONFIG, "");
    if (!login.isEmpty()
        && (mechanism.equals("PLAIN") || mechanism.startsWith("SCRAM-"))
        && all.putIfAbsent(
                SaslConfigs.SASL_CLIENT_CALLBACK_HANDLER_CLASS, PasswordFromFile.class.getName())
            == null) {
      all.put(PasswordFromFile.FILE, login);
    }
    String secret = files.getOrDefault(ClientSecretFromFile.SECRET, "");
    if (!secret.isEmpty()
        && mechanism.equals("OAUTHBEARER")
        && !all.containsKey(SaslConfigs.SASL_LOGIN_CALLBACK_HANDLER_CLASS)) {
      all.put(ClientSecretFromFile.FILE, secret);
    }
    if (all.getOrDefault(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, "").endsWith("SSL")
        && RenewedSslEngines.FILES.stream().anyMatch(all::containsKey)) {
      all.putIfAbsent(
          SslConfigs.SSL_ENGINE_FACTORY_CLASS_CONFIG, RenewedSslEngines.class.getName());
    }
    return all;
  }
}
