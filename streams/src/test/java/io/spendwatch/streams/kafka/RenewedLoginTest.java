package io.spendwatch.streams.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked with servers is in SecuredIT. */
class RenewedLoginTest {
  private static final String LOGIN = "sasl.jaas.config";
  private static final String SECRET = "sasl.oauthbearer.client.credentials.client.secret";

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({
    "SCRAM-SHA-512, sasl.jaas.config, sasl.client.callback.handler.class",
    "PLAIN, sasl.jaas.config, sasl.client.callback.handler.class",
    "OAUTHBEARER, sasl.oauthbearer.client.credentials.client.secret, sasl.login.callback.handler.class"
  })
  void whatStandsInAFileIsReadAgain(String mechanism, String inAFile, String handler) {
    assertThat(completed(mechanism, Map.of(inAFile, "/a/file")))
        .hasEntrySatisfying(handler, name -> assertThat(name).contains("FromFile"))
        .containsValue("/a/file");
  }

  @ParameterizedTest
  @CsvSource({
    // A module of somebody's, of which nobody knows what it takes.
    "GSSAPI, sasl.jaas.config",
    "OAUTHBEARER, sasl.jaas.config",
    "SCRAM-SHA-256, sasl.oauthbearer.client.credentials.client.secret"
  })
  void whatIsNotOursIsLeftAlone(String mechanism, String inAFile) {
    assertThat(completed(mechanism, Map.of(inAFile, "/a/file")))
        .doesNotContainKey("sasl.client.callback.handler.class")
        .doesNotContainValue("/a/file");
  }

  @Test
  void whatDoesNotStandInAFileIsAsItWas() {
    Map<String, String> properties = Map.of("sasl.mechanism", "PLAIN", LOGIN, "a login");
    assertThat(RenewedLogin.completed(properties, Map.of())).isEqualTo(properties);
    assertThat(RenewedLogin.completed(properties, Map.of(LOGIN, ""))).isEqualTo(properties);
  }

  @Test
  void handlersOfSomebodysOwnHold() {
    Map<String, String> scram =
        Map.of("sasl.mechanism", "PLAIN", "sasl.client.callback.handler.class", "their.Own");
    assertThat(RenewedLogin.completed(scram, Map.of(LOGIN, "/a/file"))).isEqualTo(scram);
    Map<String, String> tokens =
        Map.of("sasl.mechanism", "OAUTHBEARER", "sasl.login.callback.handler.class", "their.Own");
    assertThat(RenewedLogin.completed(tokens, Map.of(SECRET, "/a/file"))).isEqualTo(tokens);
    Map<String, String> engines =
        Map.of(
            "security.protocol", "SSL",
            "ssl.truststore.location", "/a/file",
            "ssl.engine.factory.class", "their.Own");
    assertThat(RenewedLogin.completed(engines, Map.of())).isEqualTo(engines);
  }

  @ParameterizedTest
  @CsvSource({
    "SSL, ssl.truststore.location, true",
    "SASL_SSL, ssl.keystore.location, true",
    "SASL_PLAINTEXT, ssl.keystore.location, false",
    "SSL, ssl.protocol, false"
  })
  void certificatesInFilesAreReadAgain(String protocol, String property, boolean isRenewed) {
    assertThat(
            RenewedLogin.completed(
                    Map.of("security.protocol", protocol, property, "/a/file"), Map.of())
                .containsKey("ssl.engine.factory.class"))
        .isEqualTo(isRenewed);
  }

  @Test
  void aPasswordIsAsItsFileHasItThen() throws Exception {
    Path file = Files.writeString(directory.resolve("login"), login("anna", "first"));
    var handler = new PasswordFromFile();
    handler.configure(Map.of(PasswordFromFile.FILE, file.toString()), "SCRAM-SHA-512", List.of());
    assertThat(shown(handler)).isEqualTo("anna first");
    Files.writeString(file, login("anna", "second") + "\n");
    assertThat(shown(handler)).isEqualTo("anna second");
    // Half written, or gone: it holds.
    Files.writeString(file, "org.apache.kafka.common.security.plain.PlainLo");
    assertThat(shown(handler)).isEqualTo("anna second");
    Files.delete(file);
    assertThat(shown(handler)).isEqualTo("anna second");
    Files.writeString(file, login("bert", "third"));
    assertThat(shown(handler)).isEqualTo("bert third");
    handler.close();
  }

  private static String login(String user, String password) {
    return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\""
        + user
        + "\" password=\""
        + password
        + "\";";
  }

  private static String shown(PasswordFromFile handler) throws UnsupportedCallbackException {
    var name = new NameCallback("name");
    var password = new PasswordCallback("password", false);
    handler.handle(new Callback[] {name, password});
    return name.getName() + " " + new String(password.getPassword());
  }

  private static Map<String, String> completed(String mechanism, Map<String, String> files) {
    return OAuthLogin.completed(
        RenewedLogin.completed(
            Map.of(
                "sasl.mechanism",
                mechanism,
                "sasl.oauthbearer.token.endpoint.url",
                "https://issuer.example.org/token"),
            files));
  }
}
