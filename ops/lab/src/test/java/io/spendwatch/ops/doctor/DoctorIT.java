package io.spendwatch.ops.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.doctor.Check.Verdict;
import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Breaks an installation in many ways at once: each is found, and nothing where nothing is. */
@ExtendWith(Servers.class)
class DoctorIT {
  private final Map<String, String> settings = new HashMap<>();

  @BeforeEach
  void point(TestBed bed) {
    settings.put("spendwatch.kafka.bootstrap-servers", bed.bootstrapServers());
    settings.put("spendwatch.postgres.uri", bed.pgUri());
    settings.put("spendwatch.http.port", "1");
    settings.put("spendwatch.kafka.topics.transactions", bed.topics().transactions());
    settings.put("spendwatch.kafka.topics.balances", bed.topics().balances());
    settings.put("spendwatch.kafka.topics.alerts", bed.topics().alerts());
    settings.put(
        "spendwatch.kafka.topics.transactions-dead-letters",
        bed.topics().transactionsDeadLetters());
    settings.put(
        "spendwatch.kafka.topics.balances-dead-letters", bed.topics().balancesDeadLetters());
    settings.forEach(System::setProperty);
  }

  @AfterEach
  void forget() {
    settings.keySet().forEach(System::clearProperty);
  }

  @Test
  void findsWhatIsBrokenAndNothingElse(TestBed bed) throws Exception {
    Diagnosis clean = look(Map.of());
    assertThat(clean.checks())
        .as(clean.text(Terminal.NONE))
        .allMatch(c -> c.verdict() == Verdict.OK);
    assertThat(clean.exitStatus()).isZero();
    assertThat(clean.text(Terminal.NONE)).startsWith("Well: ");

    try (Admin admin = bed.admin();
        Connection connection = bed.database().connect("doctor-it");
        Statement statement = connection.createStatement()) {
      admin.deleteTopics(List.of(bed.topics().balancesDeadLetters())).all().get();
      alter(admin, bed.topics().transactions(), "retention.ms", "3600000");
      alter(admin, bed.topics().balances(), "cleanup.policy", "delete");
      alter(admin, bed.topics().transactionsDeadLetters(), "max.message.bytes", "1000");
      statement.execute("REVOKE INSERT ON spendwatch.alerts FROM spendwatch_oltp");
      statement.execute("GRANT DELETE ON spendwatch.transactions TO spendwatch_olap");
      statement.execute("GRANT SELECT (username) ON spendwatch.accounts TO spendwatch_olap");
      statement.execute("ALTER TABLE spendwatch.accounts DISABLE TRIGGER push_updates");
      statement.execute(
          "INSERT INTO spendwatch.topic_layout (partitions) VALUES (2)"
              + " ON CONFLICT (only_row) DO UPDATE SET partitions = 2");
      statement.execute(
          "DELETE FROM spendwatch.flyway_schema_history WHERE installed_rank ="
              + " (SELECT max(installed_rank) FROM spendwatch.flyway_schema_history)");
      statement.execute(
          "SELECT spendwatch.register_node('gone', 'a', '127.0.0.1', 1, now(), '1 min', '127.0.0.1:1')");
      statement.execute(
          "ALTER DATABASE " + bed.database().database() + " SET synchronous_commit = off");
      statement.execute("CREATE ROLE doctors_ana LOGIN IN ROLE spendwatch_olap");
      statement.execute(
          """
          INSERT INTO spendwatch.reconciliation_runs (mode, node_id, started_at, outcome) VALUES ('FULL', 'n', now(), 'FINDINGS');
          SET session_replication_role = replica;
          UPDATE spendwatch.reconciliation_runs SET outcome = 'CLEAN';
          """);
    }

    Diagnosis broken = look(Map.of("SPENDWATCH_PG_URL", "x"));
    Map<String, String> found = new HashMap<>();
    broken.checks().stream()
        .filter(Check::isFinding)
        .forEach(check -> found.put(check.name(), check.lookedAt()));
    assertThat(found)
        .containsOnlyKeys(
            "settings",
            "topics",
            "cleanup.policy",
            "retention",
            "dead letters fit",
            "durability",
            "schema",
            "privileges",
            "triggers",
            "logins of people",
            "audit runs",
            "partition counts",
            "nodes");
    assertThat(found.get("logins of people"))
        .contains(
            "doctors_ana (statement_timeout, idle_in_transaction_session_timeout, work_mem, temp_file_limit, connection limit)");
    assertThat(found.get("audit runs")).contains("it was changed");
    assertThat(found.get("settings"))
        .contains("SPENDWATCH_PG_URL (did you mean SPENDWATCH_PG_URI?)");
    assertThat(found.get("topics")).contains(bed.topics().balancesDeadLetters());
    assertThat(found.get("cleanup.policy")).contains(bed.topics().balances() + ": delete");
    assertThat(found.get("retention")).contains(bed.topics().transactions() + ": 1 h");
    assertThat(found.get("durability")).isEqualTo("synchronous_commit = off");
    assertThat(found.get("schema")).contains("1 migrations to apply");
    assertThat(found.get("privileges"))
        .isEqualTo("missing: spendwatch_oltp: INSERT on spendwatch.alerts");
    assertThat(found.get("triggers")).endsWith("push_updates");
    assertThat(found.get("partition counts")).contains("4 in Kafka, 2 in force");
    assertThat(found.get("nodes")).contains("gone at 127.0.0.1:1");
    try (Connection connection = bed.database().connect("doctor-it");
        Statement statement = connection.createStatement()) {
      // Roles are the whole server's.
      statement.execute("DROP ROLE doctors_ana");
      statement.execute("GRANT INSERT ON spendwatch.alerts TO spendwatch_oltp");
    }
    assertThat(look(Map.of()).checks())
        .filteredOn(check -> check.name().equals("privileges"))
        .singleElement()
        .satisfies(
            check ->
                assertThat(check.lookedAt())
                    .isEqualTo(
                        "more than needed: spendwatch_olap: DELETE on spendwatch.transactions;"
                            + " spendwatch_olap: SELECT on spendwatch.accounts(username)"));
    assertThat(broken.checks().stream().filter(Check::isFinding))
        .allMatch(check -> !check.advice().isEmpty());
    assertThat(broken.exitStatus()).isEqualTo(1);
    assertThat(broken.text(Terminal.NONE).lines())
        .allMatch(line -> line.length() <= 80)
        .first()
        .asString()
        .startsWith("Not well: ");
  }

  @Test
  void clocksThatAreApartAreFound(TestBed bed) throws Exception {
    InstantSource ahead = InstantSource.offset(InstantSource.system(), Duration.ofMinutes(4));
    Diagnosis diagnosis = new Doctor(Map.of(), ahead).look();
    assertThat(diagnosis.checks())
        .filteredOn(check -> check.name().equals("clock of postgresql"))
        .singleElement()
        .satisfies(check -> assertThat(check.verdict()).isEqualTo(Verdict.PROBLEM));
  }

  private static Diagnosis look(Map<String, String> environment) throws InterruptedException {
    return new Doctor(environment, InstantSource.system()).look();
  }

  private static void alter(Admin admin, String topic, String name, String value) throws Exception {
    var _ =
        admin
            .incrementalAlterConfigs(
                Map.of(
                    new ConfigResource(ConfigResource.Type.TOPIC, topic),
                    List.of(new AlterConfigOp(new ConfigEntry(name, value), OpType.SET))))
            .all()
            .get();
  }
}
