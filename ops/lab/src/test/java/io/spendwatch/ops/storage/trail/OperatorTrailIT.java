package io.spendwatch.ops.storage.trail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.streams.database.Database;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What stands in the trail of who changed settings; by the roles of nodes and of audits. */
@ExtendWith(Servers.class)
class OperatorTrailIT {
  private TestDatabase tables;
  private NodeSettings settings;
  private Database node;
  private Database audit;

  @BeforeEach
  void open(TestBed bed) {
    tables = new TestDatabase(bed.database());
    settings = NodeSettings.of(bed);
    Configuration configuration = Configuration.load();
    node = Database.open(configuration.streams().postgres());
    audit = Database.open(configuration.auditDatabase());
  }

  @AfterEach
  void close() throws Exception {
    for (Database each : List.of(node, audit)) {
      var _ = each.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
    settings.close();
  }

  @Test
  void aNodeNotesSettingsThatAreOthersThanAtItsLastStart() throws Exception {
    noteSettings("n-1", "{\"a\":\"1\",\"b\":\"\\\"x\\\"\"}");
    noteSettings("n-1", "{\"b\":\"\\\"x\\\"\",\"a\":\"1\"}");
    noteSettings("n-2", "{\"a\":\"2\"}");
    noteSettings("n-1", "{\"a\":\"2\",\"c\":\"***\"}");
    noteSettings("n-1", "{}");
    noteSettings("n-2", "{\"a\":\"2\"}");
    assertThat(
            tables.column(
                "SELECT origin || ' ' || action || ' ' || outcome || ' ' || settings::text FROM spendwatch.operator_actions"
                    + " WHERE origin IN ('n-1', 'n-2') ORDER BY action_id"))
        .containsExactly(
            "n-1 node first noted {\"a\": \"1\", \"b\": \"\\\"x\\\"\"}",
            "n-2 node first noted {\"a\": \"2\"}",
            "n-1 node a: 1 -> 2; b: \"x\" -> default; c: default -> *** {\"a\": \"2\", \"c\": \"***\"}",
            "n-1 node a: 2 -> default; c: *** -> default {}");
    assertThat(
            tables.column(
                "SELECT DISTINCT who FROM spendwatch.operator_actions WHERE origin = 'n-1'"))
        .containsExactly(System.getProperty("user.name"));
  }

  /** However many there are: the whole is beside it. */
  @Test
  void whatIsLongIsCut() throws Exception {
    noteSettings("n-3", "{}");
    noteSettings("n-3", "{\"long\":\"" + "x".repeat(10_000) + "\"}");
    assertThat(
            tables.column(
                "SELECT length(outcome) || ' ' || length(settings ->> 'long') FROM spendwatch.operator_actions"
                    + " WHERE origin = 'n-3' ORDER BY action_id DESC LIMIT 1"))
        .containsExactly("500 10000");
  }

  /** Those that stand in the database; not what nodes keep there themselves. */
  @Test
  void whoChangesSettingsBySqlIsNoted() {
    tables.execute(
        "UPDATE spendwatch.settings SET partition_granularity = 'day', partitions_per_minute = 77",
        "UPDATE spendwatch.settings SET partition_granularity = 'day', dropped_before = '2001-01-01Z'",
        "UPDATE spendwatch.settings SET archive_uri = 'file:///archive'",
        "UPDATE spendwatch.settings SET archive_uri = NULL, dropped_before = NULL");
    assertThat(
            tables.column(
                "SELECT outcome FROM spendwatch.operator_actions WHERE origin = 'sql' AND who = session_user ORDER BY action_id"))
        .contains(
            "partition_granularity: auto -> day",
            "partitions_per_minute: 150 -> 77",
            "archive_uri: null -> file:///archive",
            "archive_uri: file:///archive -> null")
        .noneMatch(outcome -> outcome.contains("dropped_before"))
        .doesNotHaveDuplicates();
  }

  /** With the role that audits, which reads it and changes nothing. */
  @Test
  void whoAuditsIsNoted() {
    new OperatorTrail(audit).noteCommand("audit", "clean");
    assertThat(
            tables.number(
                "SELECT count(*) FROM spendwatch.operator_actions WHERE action = 'audit' AND outcome = 'clean'"))
        .isOne();
    assertThatThrownBy(
            () ->
                new OperatorTrail(audit)
                    .noteSettings("n-4", "{}")
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS))
        .hasMessageContaining("permission denied");
  }

  private void noteSettings(String origin, String json) throws Exception {
    new OperatorTrail(node)
        .noteSettings(origin, json)
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }
}
