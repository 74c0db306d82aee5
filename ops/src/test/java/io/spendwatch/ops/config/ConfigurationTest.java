package io.spendwatch.ops.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.EffectiveSettings.Setting;
import io.spendwatch.ops.config.EffectiveSettings.Source;
import io.spendwatch.ops.storage.retention.RetentionConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {
  private static final String SECRET = "Xk7first";

  @TempDir private Path directory;

  /** Nobody would notice otherwise that it is without effect. */
  @ParameterizedTest
  @CsvSource({
    "spendwatch.kafak.group-id = x, kafak",
    "spendwatch.start-timeot = 1 m, start-timeot",
    "spendwatch.kafka.topics.alert = x, alert",
    "spendwatch.postgres.pasword = x, pasword",
    "spendwatch.actors.awake-user-max = 1, awake-user-max",
    "spendwatch.actors.allocation-time-out = 1 s, allocation-time-out",
    "spendwatch.cluster.seed = x, seed",
    "spendwatch.http.prot = 1, prot",
    "spendwatch.audit.intervall = 1 s, intervall",
    "spendwatch.partitions.retain = 1 d, retain",
    "spendwatch.retention.alert = 1 d, alert",
    "spendwatch.pipeline.ticks = 1 s, ticks"
  })
  void aMisspeltKeyIsNamedWhereverItStands(String line, String key) throws IOException {
    assertThatThrownBy(() -> load(line))
        .isInstanceOf(OperatorException.class)
        .hasMessageContainingAll("unknown settings", key);
  }

  @Test
  void whatWasMeantIsSaid() {
    assertThatThrownBy(() -> load("spendwatch.kafka.group-idd = x"))
        .hasMessageContaining("unknown settings [group-idd] (did you mean group-id?");
    assertThatThrownBy(() -> load("spendwatch.something-else.a = x"))
        .hasMessageNotContaining("did you mean");
  }

  @Test
  void eachSettingSaysWhereItComesFromAndNoSecretIsShown() throws IOException {
    Configuration configuration =
        load(
            "spendwatch.kafka.group-id = mine\n"
                + "spendwatch.postgres { uri = \"postgresql://anna:xyz@db/x?password=abc\"\n"
                + "password = \""
                + SECRET
                + "\" }\n"
                + "spendwatch.kafka.properties.sasl.jaas.config = \""
                + SECRET
                + "\"");
    String file = directory.resolve("spendwatch.conf").toString();
    assertThat(EffectiveSettings.of(configuration))
        .contains(
            new Setting("spendwatch.kafka.group-id", "\"mine\"", Source.FILE, file + ":1"),
            new Setting(
                "spendwatch.postgres.uri",
                "\"postgresql://anna:***@db/x?password=***\"",
                Source.FILE,
                file + ":2"),
            new Setting("spendwatch.postgres.password", "\"***\"", Source.FILE, file + ":3"),
            new Setting(
                "spendwatch.kafka.properties.sasl.jaas.config",
                "\"***\"",
                Source.FILE,
                file + ":4"))
        .noneMatch(setting -> setting.toString().contains(SECRET))
        .anyMatch(
            setting ->
                setting.name().equals("spendwatch.actors.awake-users-max")
                    && setting.source() == Source.DEFAULT
                    && setting.origin().startsWith("reference.conf:"));
  }

  @Test
  void variablesThatAreNoSettingsAreNamed() {
    assertThat(
            EnvironmentVariables.unknown(
                Map.of("SPENDWATCH_PG_URL", "", "SPENDWATCH_PG_URI", "", "SPENDWATCH_XYZZY", "")))
        .isEqualTo(Map.of("SPENDWATCH_PG_URL", "SPENDWATCH_PG_URI", "SPENDWATCH_XYZZY", ""));
    assertThat(EnvironmentVariables.bySetting())
        .containsEntry("spendwatch.http.port", "SPENDWATCH_HTTP_PORT")
        .containsEntry("spendwatch.kafka.topics.alerts", "SPENDWATCH_TOPIC_ALERTS")
        .containsEntry(
            "spendwatch.postgres-analytics.pool-size", "SPENDWATCH_PG_ANALYTICS_POOL_SIZE")
        .containsEntry(
            "spendwatch.kafka.properties.sasl.jaas.config", "SPENDWATCH_KAFKA_SASL_JAAS_CONFIG");
  }

  @ParameterizedTest
  @CsvSource({
    "spendwatch.actors.awake-users-max = 0, spendwatch.actors.awake-users-max: 0 (expected",
    "spendwatch.actors.clear-grace = -1 s, spendwatch.actors.clear-grace: ",
    "spendwatch.actors.gather-interval = 0 s, spendwatch.actors.gather-interval: ",
    "spendwatch.cluster.nodes-min = 0, spendwatch.cluster.nodes-min: 0 (expected",
    "spendwatch.archive.rounds.every = 1 h, spendwatch.archive.rounds.every: PT1H (expected: off without an archive",
    "spendwatch.archive.rounds.lease = 0 s, spendwatch.archive.rounds.lease: PT0S (expected",
    "spendwatch.analysis.share-answers-for = 11 m, spendwatch.analysis.share-answers-for: PT11M (expected: 0 to PT10M",
    "spendwatch.analysis.share-answers-for = -1 s, spendwatch.analysis.share-answers-for: PT-1S (expected",
    "spendwatch.analysis.shared-answers-max = -1, spendwatch.analysis.shared-answers-max: -1 (expected",
    "spendwatch.analysis.shared-bytes-max = -1, spendwatch.analysis.shared-bytes-max: -1 (expected",
    "spendwatch.start-timeout = 0 s, spendwatch.start-timeout: ",
    "spendwatch.audit.sessions = 3, spendwatch.audit.sessions: 3 (expected: fewer than"
  })
  void eachSettingIsCheckedByEachCommand(String line, String said) {
    assertThatThrownBy(() -> load(line))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining(said);
  }

  /** What explains transactions goes with them, and no sooner. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          retention.alerts = 100 d                                   | retention.alerts: PT2400H (expected: at least spendwatch.partitions.retention, which is forever
          retention.account-versions = 9 d, partitions.retention = 10 d | retention.account-versions: PT216H (expected: at least spendwatch.partitions.retention, which is PT240H
          retention.audits = 2 d                                     | retention.audits: PT48H (expected: at least PT72H, or forever)
          retention.operator-actions = 0 s                           | retention.operator-actions: PT0S (expected
          retention.dead-letters = 3 d, archive.uri = "file:///a"    | retention.dead-letters: PT72H (expected: at least PT96H, as they are archived
          retention.step-rows = 0                                    | retention.step-rows: 0 (expected
          """)
  void retentionsThatCannotWorkTogetherAreRefused(String settings, String said) {
    assertThatThrownBy(() -> load("spendwatch { " + settings + " }"))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("spendwatch." + said);
  }

  @Test
  void retentionsAreForEverUnlessSaid() throws IOException {
    RetentionConfig unset = load("").retention();
    assertThat(unset.kept()).isEmpty();
    assertThat(unset.deadLetters()).contains(Duration.ofDays(30));
    RetentionConfig set =
        load("spendwatch { retention { alerts = 10 d, dead-letters = forever }, partitions.retention = 10 d }")
            .retention();
    assertThat(set.kept()).isEqualTo(Map.of(RetentionConfig.Kind.ALERTS, Duration.ofDays(10)));
    assertThat(set.deadLetters()).isEmpty();
  }

  @Test
  void tokensForKafkaAreAskedForAtAnAddressThatIsAllowed() throws IOException {
    String oauth = "spendwatch.kafka.properties { sasl.mechanism = OAUTHBEARER, ";
    assertThatThrownBy(() -> load(oauth + "security.protocol = SASL_SSL }"))
        .hasMessageContaining(
            "spendwatch.kafka.properties.sasl.oauthbearer.token.endpoint.url: missing (expected: where");
    Map<String, Object> client =
        load(oauth
                + "sasl.oauthbearer { token.endpoint.url = \"https://issuer.example.org/token\","
                + " client.credentials.client.id = watcher } }")
            .streams()
            .kafka()
            .clientProperties();
    assertThat(client)
        .containsEntry(
            "sasl.login.callback.handler.class",
            "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler")
        .containsEntry(
            "sasl.jaas.config",
            "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;");
    assertThat(System.getProperty("org.apache.kafka.sasl.oauthbearer.allowed.urls"))
        .contains("https://issuer.example.org/token");
  }

  /** A parser repeats what it did not expect. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "spendwatch.postgres.password = " + SECRET + ":$",
        "spendwatch.postgres { password \"" + SECRET + "\" }",
        "spendwatch.postgres.password = \"" + SECRET,
        "spendwatch.postgres.password = [" + SECRET + "}",
        "spendwatch.postgres.password = ${" + SECRET + "}"
      })
  void aFileThatIsNotUnderstoodIsNamedAndNotQuoted(String text) {
    assertThatThrownBy(() -> load(text))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("spendwatch.conf")
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void aSecretIsReadFromTheFileThatIsNamed() throws IOException {
    Path secret = Files.writeString(directory.resolve("secret"), SECRET + "\n");
    Configuration configuration =
        load(
            "spendwatch.postgres { uri = \"postgresql://anna@db/x\", password = other, password-file = \""
                + secret
                + "\" }");
    assertThat(configuration.database().password()).isEqualTo(SECRET);
    assertThat(configuration.analytics().password()).isEqualTo(SECRET);
    assertThat(
            load("spendwatch.postgres.password-file = \""
                    + secret
                    + "\"\nspendwatch.postgres-analytics.password = own")
                .analytics()
                .password())
        .isEqualTo("own");
  }

  private Configuration load(String text) throws IOException {
    return Configuration.load(
        Optional.of(Files.writeString(directory.resolve("spendwatch.conf"), text).toFile()));
  }
}
