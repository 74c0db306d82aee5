package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Rows that somebody wrote before the table refused them, and nobody can read: they stop neither
 * their partition nor anybody else's, and are named until they have changed.
 */
@ExtendWith(Servers.class)
class UnreadableRowsIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int OTHERS = 40;

  private final long nowMs = Instant.now().toEpochMilli();
  private PipelinesBed bed;

  @BeforeEach
  void prepare(TestBed servers) throws Exception {
    bed = new PipelinesBed(servers.bootstrapServers(), servers.database());
    bed.execute(
        String.format(
            Locale.ROOT,
            "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of)"
                + " SELECT 'u' || n, 'USD', 100000, '2020-01-01Z' FROM generate_series(1, %d) n",
            OTHERS));
  }

  @AfterEach
  void cleanUp() {
    bed.close();
  }

  @Test
  void anAccountThatCannotBeReadIsAsIfThereWereNone() {
    unconstrained("accounts", "accounts_as_of", "accounts_currency");
    unconstrained("account_versions", "account_versions_as_of", "account_versions_currency");
    bed.execute(
        """
        INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of)
        VALUES ('inf', 'USD', 100000, 'infinity'), ('ago', 'USD', 100000, '-infinity'),
               ('far', 'USD', 100000, '294276-12-31Z'), ('lower', 'zz ', 100000, now()),
               ('none', 'QQQ', -5, now())
        """);
    List<String> garbled = List.of("inf", "ago", "far", "lower", "none");
    PipelinesNode node = bed.start("a", "spendwatch.postgres.probe-interval = 200ms");
    garbled.forEach(user -> bed.send(purchase(user, "1", nowMs)));
    others("1", nowMs);

    awaitRows(OTHERS + garbled.size());
    assertThat(verdicts("NO_ACCOUNT")).containsExactlyInAnyOrderElementsOf(garbled);
    assertThat(node.unreadable().named())
        .hasSize(5)
        .anyMatch(row -> row.matches("accounts of \"inf\": .* \"infinity\" .*"))
        .anyMatch(row -> row.matches("accounts of \"ago\": .* \"-infinity\" .*"))
        .anyMatch(row -> row.matches("accounts of \"far\": .* \"\\+294276-12-31.*"))
        .anyMatch(row -> row.matches("accounts of \"lower\": currency \"zz \" .*"))
        .anyMatch(row -> row.matches("accounts of \"none\": currency \"QQQ\" .*"));
    assertUndisturbed(node);

    // A version that is there stays, and what is no time cannot be moved: both tables are mended.
    bed.execute(
        "DELETE FROM spendwatch.accounts WHERE user_id IN ('inf', 'ago', 'far', 'lower', 'none')");
    bed.execute(
        "DELETE FROM spendwatch.account_versions WHERE user_id IN ('inf', 'ago', 'far', 'lower', 'none')");
    bed.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of)"
            + " SELECT unnest(ARRAY['inf', 'ago', 'far', 'lower']), 'USD', 200000, '2020-01-01Z'");
    await().atMost(LIMIT).until(() -> node.unreadable().named().isEmpty());
    garbled.forEach(user -> bed.send(purchase(user, "2", nowMs + 1)));
    awaitRows(OTHERS + 2 * garbled.size());
    assertThat(verdicts("CLEAR")).contains("inf", "ago", "far", "lower").doesNotContain("none");
  }

  @Test
  void aUserWhoseAlertsCannotBeReadIsPutAsideAlone() {
    PipelinesNode first = bed.start("a");
    bed.send(
        new Transaction("u1-0", "u1", 100_001, "USD", nowMs, TransactionKind.PURCHASE, null, null));
    others("1", nowMs + 1);
    awaitRows(OTHERS + 1);
    first.stop();
    unconstrained("alerts", "alerts_event_time");
    bed.execute("UPDATE spendwatch.alerts SET event_time = 'infinity' WHERE user_id = 'u1'");

    PipelinesNode node = bed.start("a");
    others("2", nowMs + 2);
    awaitRows(2 * OTHERS);
    assertUndisturbed(node);
    await().atMost(LIMIT).until(bed::isCaughtUp);
    assertThat(bed.allCommitted(bed.topics().transactionsDeadLetters()))
        .singleElement()
        .satisfies(
            letter -> {
              assertThat(letter.key()).asString(UTF_8).isEqualTo("u1");
              assertThat(reason(letter)).isEqualTo("INTERNAL_ERROR");
            });
    assertThat(node.status().partitions().stream().mapToLong(PartitionStatus::internalErrors).sum())
        .isOne();
    assertThat(node.unreadable().named())
        .singleElement()
        .asString()
        .startsWith("alerts of \"u1\": event_time \"infinity\"");

    bed.execute("UPDATE spendwatch.alerts SET event_time = detected_at WHERE user_id = 'u1'");
    bed.send(purchase("u1", "2", nowMs + 2));
    awaitRows(2 * OTHERS + 1);
    assertThat(node.unreadable().named()).isEmpty();
  }

  @Test
  void anUnpublishedAlertThatCannotBeReadIsPassedOverAndAPartitionsTimeIsFoundAnew() {
    PipelinesNode first = bed.start("a");
    bed.send(
        new Transaction("u1-0", "u1", 100_001, "USD", nowMs, TransactionKind.PURCHASE, null, null));
    awaitRows(1);
    await().atMost(LIMIT).until(bed::isCaughtUp);
    first.stop();
    unconstrained("alerts", "alerts_type");
    unconstrained("progress", "progress_stream_time", "progress_written_at");
    leaveUnpublished("garbled", "NONSENSE", 1);
    leaveUnpublished("left", "RAISED", 2);
    bed.execute(
        """
        UPDATE spendwatch.progress SET stream_time = 'infinity', written_at = 'infinity', alert_seq = alert_seq + 2
         WHERE kafka_partition = (SELECT kafka_partition FROM spendwatch.alerts WHERE user_id = 'u1' LIMIT 1)
        """);

    PipelinesNode node = bed.start("a");
    others("2", nowMs + 2);
    awaitRows(1 + OTHERS);
    assertUndisturbed(node);
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(bed.allCommitted(bed.topics().alerts()))
                    .extracting(alert -> new String(alert.value(), UTF_8))
                    .anyMatch(value -> value.contains("\"left\""))
                    .noneMatch(value -> value.contains("\"garbled\"")));
    assertThat(node.unreadable().named())
        .anyMatch(
            row -> row.matches("unpublished alerts of \"u1, alert garbled\": type \"NONSENSE\" .*"))
        .anyMatch(row -> row.startsWith("pipelines of "));
  }

  /** As if it had been written and its node killed before it was published. */
  private void leaveUnpublished(String alertId, String type, int further) {
    bed.execute(
        String.format(
            Locale.ROOT,
            """
            INSERT INTO spendwatch.alerts
            SELECT (jsonb_populate_record(alert, jsonb_build_object(
                     'alert_id', '%s', 'type', '%s', 'partition_seq', partition_seq + %d))).*
              FROM spendwatch.alerts AS alert WHERE user_id = 'u1' AND alert_id NOT IN ('garbled', 'left')
            """,
            alertId,
            type,
            further));
  }

  private void unconstrained(String table, String... constraints) {
    for (String constraint : constraints) {
      bed.execute("ALTER TABLE spendwatch." + table + " DROP CONSTRAINT " + constraint);
    }
  }

  private void others(String transactionId, long eventTimeMs) {
    for (int n = 1; n <= OTHERS; n++) {
      bed.send(purchase("u" + n, transactionId, eventTimeMs));
    }
    bed.flush();
  }

  private void awaitRows(int count) {
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") == count);
  }

  private List<String> verdicts(String verdict) {
    return bed.column(
        "SELECT user_id FROM spendwatch.transactions WHERE verdict = '" + verdict + "'");
  }

  private static void assertUndisturbed(PipelinesNode node) {
    assertThat(node.status().partitions())
        .allSatisfy(partition -> assertThat(partition.restarts()).isZero())
        .allSatisfy(partition -> assertThat(partition.waitingFor()).isEmpty());
  }

  private static String reason(ConsumerRecord<byte[], byte[]> letter) {
    return new String(letter.headers().lastHeader(DeadLetters.REASON).value(), UTF_8);
  }

  private static Transaction purchase(String userId, String transactionId, long eventTimeMs) {
    return new Transaction(
        userId + "-" + transactionId,
        userId,
        10,
        "USD",
        eventTimeMs,
        TransactionKind.PURCHASE,
        null,
        null);
  }
}
