package io.spendwatch.ops.storage.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.metrics.Metrics;
import io.spendwatch.ops.storage.retention.RetentionConfig.Kind;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.streams.database.Database;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Which rows go, and which have to stay. */
@ExtendWith(Servers.class)
class OldRowsIT {
  private static final Instant NOW = Instant.parse("2040-06-01T12:00:00Z");
  private static final Duration KEPT = Duration.ofDays(30);

  private final Metrics metrics = new Metrics(InstantSource.fixed(NOW));
  private final RetentionMetrics told = metrics.retention();
  private TestDatabase tables;
  private NodeSettings settings;
  private Database owner;

  @BeforeEach
  void open(TestBed bed) {
    tables = new TestDatabase(bed.database());
    settings = NodeSettings.of(bed);
    owner = Database.open(Configuration.load().partitions().postgres());
    tables.execute(
        "TRUNCATE spendwatch.accounts, spendwatch.account_versions, spendwatch.alerts, spendwatch.archived_days, spendwatch.seen_alerts,"
            + " spendwatch.removed_alerts, spendwatch.claims, spendwatch.progress, spendwatch.rollup_alerts",
        "UPDATE spendwatch.retention SET horizon = NULL, complete = true, place = NULL, days = NULL",
        // What is kept begins on 2 May; what it may need, two days before.
        "UPDATE spendwatch.settings SET dropped_before = '2040-05-02Z', archive_uri = NULL",
        "INSERT INTO spendwatch.claims (kafka_partition, epoch, owner, claimed_at) VALUES (0, 1, 'n', now())",
        "INSERT INTO spendwatch.progress (kafka_partition, epoch, write_no, alert_seq, published_alert_seq, next_offset, written_at)"
            + " VALUES (0, 1, 1, 100, 100, 1, now())",
        "INSERT INTO spendwatch.rollup_alerts VALUES (0, 100)");
  }

  @AfterEach
  void close() throws Exception {
    var _ = owner.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
    settings.close();
    metrics.close();
  }

  @Test
  void ofVersionsStaysWhatIsInForceWhereTheOldestWindowBegins() throws Exception {
    version("plain", 1, "2040-01-01Z");
    version("plain", 2, "2040-02-01Z");
    version("plain", 3, "2040-05-20Z");
    version("last", 1, "2020-01-01Z");
    // Came late: what was assessed before knows only the first.
    version("late", 1, "2040-01-01Z");
    version("late", 2, "2040-02-01Z", "2040-05-10Z");
    version("late", 3, "2040-05-20Z");
    // Went, and is there again: that it had gone stays while it can be in force.
    version("gone", 1, "2040-01-01Z");
    version("back", 1, "2040-01-01Z");
    tables.execute(
        "UPDATE spendwatch.account_versions SET closed_at = '2040-03-01Z', closed_version = 2 WHERE user_id IN ('gone', 'back')");
    version("back", 3, "2040-04-01Z");
    // Between its version and its end came another one: the end is told by this row alone.
    version("between", 1, "2040-01-01Z");
    tables.execute(
        "UPDATE spendwatch.account_versions SET closed_at = '2040-04-10Z', closed_version = 2 WHERE user_id = 'between'");
    version("between", 4, "2040-02-01Z");

    assertThat(look(Kind.ACCOUNT_VERSIONS, 1)).isEqualTo(2);
    assertThat(versions())
        .containsExactly(
            "back 3",
            "between 1",
            "between 4",
            "gone 1",
            "last 1",
            "late 1",
            "late 2",
            "late 3",
            "plain 2",
            "plain 3");
    assertThat(look(Kind.ACCOUNT_VERSIONS, 1000)).as("once a day").isZero();
  }

  @Test
  void nothingGoesWhereNoTransactionWasDropped() throws Exception {
    tables.execute("UPDATE spendwatch.settings SET dropped_before = NULL");
    version("u", 1, "2040-01-01Z");
    version("u", 2, "2040-02-01Z");
    episode("e", 1, "2040-01-01Z", "2040-01-02Z");
    assertThat(look(Kind.ACCOUNT_VERSIONS, 10)).isZero();
    assertThat(look(Kind.ALERTS, 10)).isZero();
  }

  @Test
  void ofAlertsGoWholeEpisodesThatAreOverAndThatEverybodyHasHad() throws Exception {
    for (int i = 0; i < 5; i++) {
      episode("over" + i, 1 + 2 * i, "2040-01-01Z", "2040-01-02Z");
    }
    episode("across", 11, "2040-04-30T23:00Z", "2040-05-01T01:00Z");
    episode("open", 13, "2040-01-01Z", null);
    episode("unread", 99, "2040-01-01Z", "2040-01-02Z");
    episode("unsent", 101, "2040-01-01Z", "2040-01-02Z");
    episode("revealed", 21, "2040-01-01Z", "2040-01-02Z");
    tables.execute(
        "UPDATE spendwatch.alerts SET detected_at = '2040-05-10Z' WHERE episode_id = 'revealed'",
        "UPDATE spendwatch.rollup_alerts SET alert_seq = 99",
        "INSERT INTO spendwatch.seen_alerts VALUES (0, 'over0-RAISED'), (0, 'open-RAISED')");
    assertThat(look(Kind.ALERTS, 2)).isEqualTo(10);
    assertThat(
            tables.column("SELECT DISTINCT episode_id FROM spendwatch.alerts ORDER BY episode_id"))
        .containsExactly("across", "open", "revealed", "unread", "unsent");
    assertThat(tables.text("SELECT numbers FROM spendwatch.removed_alerts")).isEqualTo("{[1,11)}");
    assertThat(tables.column("SELECT alert_id FROM spendwatch.seen_alerts"))
        .containsExactly("open-RAISED");
  }

  @Test
  void whereThereIsAnArchiveOnlyDaysThatItHasGo() throws Exception {
    tables.execute("UPDATE spendwatch.settings SET archive_uri = 'file:///archive'");
    episode("whole", 1, "2040-01-01T01:00Z", "2040-01-01T02:00Z");
    episode("unarchived", 3, "2040-01-02T01:00Z", "2040-01-02T02:00Z");
    episode("half", 5, "2040-01-01T23:00Z", "2040-01-02T01:00Z");
    episode("another", 7, "2040-01-03T01:00Z", "2040-01-03T02:00Z");
    version("u", 1, "2040-01-01T03:00Z");
    version("u", 2, "2040-01-02T03:00Z");
    version("u", 3, "2040-01-03T03:00Z");
    tables.execute(
        "INSERT INTO spendwatch.archived_days (day, archived_at, revision, transactions, alerts, bytes, table_transactions,"
            + " table_digest, table_alerts, table_versions) VALUES ('2040-01-01', now(), 0, 0, 3, 1, 0, 0, 3, 1),"
            // One that came since.
            + " ('2040-01-03', now(), 0, 0, 1, 1, 0, 0, 1, 1)");
    assertThat(look(Kind.ALERTS, 10)).isEqualTo(2);
    assertThat(look(Kind.ACCOUNT_VERSIONS, 10)).isOne();
    assertThat(
            tables.column("SELECT DISTINCT episode_id FROM spendwatch.alerts ORDER BY episode_id"))
        .containsExactly("another", "half", "unarchived");
    assertThat(versions()).containsExactly("u 2", "u 3");
    // For the next run of the archive the day is as it was.
    assertThat(
            tables.column(
                "SELECT table_alerts || ' ' || table_versions FROM spendwatch.archived_days ORDER BY day"))
        .containsExactly("1 0", "1 1");
  }

  /** Nobody waits for it, and it waits for nobody. */
  @Test
  void aPassGoesOnWhereItWasInterruptedAndIsDoneByOneAtATime() throws Exception {
    for (int i = 0; i < 10; i++) {
      version("u" + i, 1, "2040-01-01Z");
      version("u" + i, 2, "2040-02-01Z");
    }
    assertThat(
            tables.text("SELECT spendwatch.remove_old('account_versions', '2040-05-02Z', 8)::text"))
        .isEqualTo("(4,t)");
    try (var other = tables.address().connect("test");
        var statement = other.createStatement()) {
      other.setAutoCommit(false);
      boolean _ = statement.execute("SELECT * FROM spendwatch.retention FOR UPDATE");
      assertThat(look(Kind.ACCOUNT_VERSIONS, 8)).isZero();
      other.rollback();
    }
    assertThat(look(Kind.ACCOUNT_VERSIONS, 8)).isEqualTo(6);
    assertThat(
            tables.text(
                "SELECT removed_now FROM spendwatch.retention WHERE kind = 'account_versions'"))
        .isEqualTo("10");
  }

  @Test
  void nobodyElseRemovesEntriesOfTheTrail() throws Exception {
    String entries =
        "SELECT count(*) FROM spendwatch.operator_actions WHERE who = 'anna' AND at < '2040-05-01Z'";
    tables.execute(
        "INSERT INTO spendwatch.operator_actions (at, who, origin, action, outcome) SELECT '2040-01-01Z', 'anna', 'command', 'rewind',"
            + " 'done' FROM generate_series(1, 5)");
    assertThatThrownBy(
            () ->
                tables.execute("DELETE FROM spendwatch.operator_actions WHERE at < '2040-05-01Z'"))
        .rootCause()
        .hasMessageContaining("only ever added to");
    assertThat(tables.number(entries)).isEqualTo(5);
    assertThat(metrics.text()).contains("spendwatch_retention_last_run 0.0\n");
    long removed = look(Kind.OPERATOR_ACTIONS, 2);
    assertThat(removed).isGreaterThanOrEqualTo(5);
    assertThat(metrics.text())
        .contains(
            "spendwatch_retention_removed_total{kind=\"operator_actions\"} " + removed + ".0\n",
            "spendwatch_retention_removed_total{kind=\"alerts\"} 0.0\n",
            "spendwatch_retention_failed_total 0.0\n",
            "spendwatch_retention_last_run " + (double) NOW.getEpochSecond() + "\n");
    assertThat(tables.number(entries)).isZero();
    assertThatThrownBy(() -> tables.execute("DELETE FROM spendwatch.operator_actions"))
        .rootCause()
        .hasMessageContaining("only ever added to");
  }

  private long look(Kind kind, int stepRows) throws Exception {
    return new OldRows(
            owner,
            new RetentionConfig(
                Map.of(kind, KEPT), Optional.empty(), stepRows, Duration.ofMinutes(1)),
            InstantSource.fixed(NOW),
            told)
        .look()
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS)
        .get(kind);
  }

  private List<String> versions() {
    return tables.column(
        "SELECT user_id || ' ' || balance_version FROM spendwatch.account_versions ORDER BY user_id, as_of, balance_version");
  }

  private void version(String userId, int number, String asOf) {
    version(userId, number, asOf, asOf);
  }

  private void version(String userId, int number, String asOf, String recordedAt) {
    tables.execute(
        "INSERT INTO spendwatch.account_versions (user_id, balance_version, balance_minor, currency, as_of, recorded_at)"
            + " VALUES ('%s', %d, 1, 'USD', '%s', '%s')"
                .formatted(userId, number, asOf, recordedAt));
  }

  private void episode(String id, int number, String raisedAt, String clearedAt) {
    alert(id, "RAISED", number, raisedAt);
    if (clearedAt != null) {
      alert(id, "CLEARED", number + 1, clearedAt);
    }
  }

  private void alert(String episode, String type, int number, String at) {
    tables.execute(
        """
        INSERT INTO spendwatch.alerts (alert_id, type, rule, episode_id, user_id, exposure_minor, balance_minor, currency, transactions,
               window_start, event_time, detected_at, late, kafka_topic, kafka_partition, kafka_offset, partition_seq)
        VALUES ('%1$s-%2$s', '%2$s', 'exposure-24h', '%1$s', 'u', 2, 1, 'USD', 1, '%4$s', '%4$s', '%4$s', false, 't', 0, 1, %3$d)
        """
            .formatted(episode, type, number, at));
  }
}
