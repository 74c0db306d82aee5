package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * Purchases and refunds of some users, in order of time, so that SQL can tell afterwards what each
 * exposure must be. Some are sent twice, and about one in a hundred users' days overspends.
 */
final class Spending {
  static final long START_MS = Instant.parse("2024-07-12T00:00:00Z").toEpochMilli();
  private static final int USERS = 200;
  private static final long STEP_MS = 30_000;
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private final PipelinesBed bed;
  private final Random random;
  private int sent;

  Spending(PipelinesBed bed, long seed) {
    this.bed = bed;
    this.random = new Random(seed);
  }

  void openAccounts() {
    for (int user = 0; user < USERS; user++) {
      bed.send(new Balance("u" + user, "user " + user, 100_000 + user, "USD", START_MS));
    }
    bed.flush();
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.accounts") == USERS);
  }

  /** Sends more; returns when Kafka has them. */
  void spend(int transactions) {
    for (int i = 0; i < transactions; i++) {
      Transaction transaction =
          new Transaction(
              "tx" + sent,
              "u" + random.nextInt(USERS),
              1 + random.nextInt(20_000),
              "USD",
              START_MS + sent * STEP_MS,
              random.nextInt(11) == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
              "m",
              null);
      sent++;
      bed.send(transaction);
      if (random.nextInt(20) == 0) {
        bed.send(transaction);
      }
    }
    bed.flush();
  }

  long stored() {
    return bed.number("SELECT count(*) FROM spendwatch.transactions");
  }

  /** Waits until this share of what was sent is durable. */
  void awaitStored(double share) {
    long enough = (long) (share * sent);
    await().atMost(LIMIT).until(() -> stored() >= enough);
  }

  /** Waits until all is through, then checks that each row and each alert is there, once. */
  void awaitAndVerify() {
    awaitAndVerifyBut(0);
  }

  /** The same, where some of the transactions must have no row. */
  void awaitAndVerifyBut(int putAside) {
    awaitRowsAndAlerts(putAside);
    verifyOrderOfAlerts();
  }

  /**
   * The same, where alerts were published by an earlier assessment than the one that is stored: in
   * other batches, which have users in another order.
   */
  void awaitAndVerifyAssessedAgain() {
    awaitRowsAndAlerts(0);
  }

  private void awaitRowsAndAlerts(int putAside) {
    await().atMost(LIMIT).until(() -> stored() >= sent - putAside);
    await()
        .atMost(LIMIT)
        .until(
            () ->
                bed.allCommitted(bed.topics().alerts()).size()
                    >= bed.number("SELECT count(*) FROM spendwatch.alerts"));
    assertThat(stored()).isEqualTo(sent - putAside);
    verifyExposures();
    verifyAlerts();
  }

  private void verifyExposures() {
    assertThat(
            bed.column(
                """
                SELECT t.transaction_id || ': ' || t.exposure_minor || ' instead of ' || w.exposure
                  FROM spendwatch.transactions t
                  JOIN LATERAL (
                    SELECT sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END) AS exposure
                      FROM spendwatch.transactions o
                     WHERE o.user_id = t.user_id
                       AND o.event_time > t.event_time - interval '24 hours'
                       AND o.event_time <= t.event_time) w ON true
                 WHERE w.exposure <> t.exposure_minor
                    OR (t.verdict = 'BREACH') <> (t.exposure_minor > t.balance_minor)
                """))
        .isEmpty();
  }

  private void verifyAlerts() {
    assertThat(published()).isNotEmpty().doesNotHaveDuplicates();
    assertThat(published())
        .containsExactlyInAnyOrderElementsOf(bed.column("SELECT alert_id FROM spendwatch.alerts"));
  }

  private void verifyOrderOfAlerts() {
    // A user's alerts are in one partition, and so are all of the users of one source partition.
    bed.allCommitted(bed.topics().alerts()).stream()
        .map(record -> AlertCodec.decode(record.value()))
        .collect(
            Collectors.groupingBy(
                alert -> alert.source().partition(),
                Collectors.mapping(Alert::alertId, Collectors.toList())))
        .forEach(
            (partition, ids) ->
                assertThat(ids)
                    .as("order of the alerts of partition %d", partition)
                    .isEqualTo(
                        bed.column(
                            "SELECT alert_id FROM spendwatch.alerts WHERE kafka_partition = "
                                + partition
                                + " ORDER BY partition_seq")));
  }

  private List<String> published() {
    return bed.allCommitted(bed.topics().alerts()).stream()
        .map(record -> AlertCodec.decode(record.value()).alertId())
        .toList();
  }
}
