package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Accounts change while their users are awake, by whatever hand; alerts follow. Whoever changes one
 * here gives no {@code as_of}, which means now: so all that is spent is spent now, and each change
 * is looked at once the idle partition's time has passed it.
 */
@ExtendWith(Servers.class)
class BalancesIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String SOON_IDLE =
      "spendwatch.pipeline { idle-after = 1 s, end-offset-interval = 200 ms }\n";

  private PipelinesBed bed;
  private long latestMs;

  @BeforeEach
  void prepare(TestBed servers) throws Exception {
    bed = new PipelinesBed(servers.bootstrapServers(), servers.database());
  }

  @AfterEach
  void cleanUp() {
    bed.close();
  }

  @Test
  void aChangeOfAHundredThousandAccountsAtOnceReachesWhoeverIsAwake() {
    bed.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor)"
            + " SELECT 'u' || n, 'USD', 1000 FROM generate_series(1, 100000) n");
    bed.start("a", SOON_IDLE);
    for (int user = 1; user <= 20; user++) {
      spend("u" + user, "tx", 900);
    }
    awaitRows(20);

    bed.execute("UPDATE spendwatch.accounts SET balance_minor = 899");
    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(20));
    assertThat(alerts())
        .allMatch(alert -> alert.type() == AlertType.RAISED)
        .allMatch(alert -> alert.cause() == AlertCause.BALANCE && alert.transactionId() == null);

    bed.execute("UPDATE spendwatch.accounts SET balance_minor = 900");
    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(40));
    assertThat(alerts())
        .filteredOn(alert -> alert.type() == AlertType.CLEARED)
        .hasSize(20)
        .allMatch(alert -> alert.cause() == AlertCause.BALANCE && !alert.late());
  }

  @Test
  void anAccountThatAppearsLateCountsWhatWasSpentBefore() {
    bed.start("a", SOON_IDLE);
    spend("42", "tx0", 600);
    spend("42", "tx1", 600);
    awaitRows(2);
    assertThat(verdicts()).containsExactly("NO_ACCOUNT", "NO_ACCOUNT");

    bed.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('42', 'USD', 1000)");

    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(1));
    Alert raised = alerts().getFirst();
    assertThat(raised.exposureMinor()).isEqualTo(1_200);
    // As if the account had been there: its first balance covers what was before it.
    assertThat(raised.transactionId()).isEqualTo("tx1");
    assertThat(raised.late()).isTrue();
    assertThat(raised.revealedBy()).isNull();
    assertThat(raised.transactions()).isEqualTo(2);
    spend("42", "tx2", 1);
    awaitRows(3);
    assertThat(verdicts()).containsExactly("NO_ACCOUNT", "NO_ACCOUNT", "BREACH");
  }

  @Test
  void anAccountThatDisappearsEndsTheEpisodeAndIsNoneFromThenOn() {
    bed.start("a", SOON_IDLE);
    openAccount("42", 1_000);
    spend("42", "tx0", 1_001);
    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(1));

    bed.execute("DELETE FROM spendwatch.accounts");

    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(2));
    assertThat(alerts().getLast().cause()).isEqualTo(AlertCause.BALANCE);
    spend("42", "tx1", 1);
    awaitRows(2);
    assertThat(verdicts()).containsExactly("BREACH", "NO_ACCOUNT");
  }

  @Test
  void anotherCurrencyTurnsAwayWhatComesInTheOldOne() {
    bed.start("a", SOON_IDLE);
    openAccount("42", 1_000);
    spend("42", "tx0", 900);
    awaitRows(1);

    bed.execute("UPDATE spendwatch.accounts SET currency = 'EUR', balance_minor = 100");
    bed.send(transaction("42", "tx1", 100, "EUR"));
    bed.flush();
    awaitRows(2);
    spend("42", "tx2", 1);

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(bed.allCommitted(bed.topics().transactionsDeadLetters()))
                    .singleElement()
                    .satisfies(
                        letter ->
                            assertThat(letter.headers().lastHeader("dlq.reason").value())
                                .asString(StandardCharsets.UTF_8)
                                .isEqualTo("CURRENCY_MISMATCH")));
    // What was spent in the old currency is no part of the exposure in the new one.
    assertThat(bed.column("SELECT exposure_minor FROM spendwatch.transactions ORDER BY event_time"))
        .containsExactly("900", "100");
    assertThat(alerts()).isEmpty();
  }

  @Test
  void seesWhatChangedWhileTheChannelWasDownAndReadsAfreshMeanwhile() {
    PipelinesNode node =
        bed.start(
            "a", SOON_IDLE + "spendwatch.postgres.uri = \"" + bed.postgresUriOfPlainUser() + "\"");
    openAccount("idle", 1_000);
    openAccount("busy", 1_000);
    await().atMost(LIMIT).until(() -> node.status().balancesPushed());
    spend("idle", "tx0", 1_001);
    spend("busy", "tx0", 900);
    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(1));
    awaitRows(2);

    // No new connection for the channel; those of the pool go on.
    bed.execute("ALTER ROLE " + bed.plainUser() + " CONNECTION LIMIT 1");
    bed.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE application_name = 'spendwatch-push' AND datname = current_database()");
    await().atMost(LIMIT).until(() -> !node.status().balancesPushed());
    bed.execute("UPDATE spendwatch.accounts SET balance_minor = 1001 WHERE user_id = 'idle'");
    bed.execute("UPDATE spendwatch.accounts SET balance_minor = 5000 WHERE user_id = 'busy'");
    spend("busy", "tx1", 200);
    awaitRows(3);
    assertThat(
            bed.column(
                "SELECT balance_minor FROM spendwatch.transactions WHERE user_id = 'busy' ORDER BY event_time"))
        .containsExactly("1000", "5000");
    assertThat(node.status().balancesPushed()).isFalse();

    bed.execute("ALTER ROLE " + bed.plainUser() + " CONNECTION LIMIT -1");

    await().atMost(LIMIT).until(() -> node.status().balancesPushed());
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(alerts())
                    .extracting(Alert::userId, Alert::type, Alert::cause)
                    .containsExactly(
                        tuple("idle", AlertType.RAISED, null),
                        tuple("idle", AlertType.CLEARED, AlertCause.BALANCE)));
  }

  private void openAccount(String userId, long balanceMinor) {
    bed.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('%s', 'USD', %d)"
            .formatted(userId, balanceMinor));
  }

  private void spend(String userId, String transactionId, long amountMinor) {
    bed.send(transaction(userId, transactionId, amountMinor, "USD"));
    bed.flush();
  }

  /** Of now: behind all that was there before it. */
  private Transaction transaction(
      String userId, String transactionId, long amountMinor, String currency) {
    latestMs = Math.max(latestMs, System.currentTimeMillis()) + 1;
    return new Transaction(
        transactionId,
        userId,
        amountMinor,
        currency,
        latestMs,
        TransactionKind.PURCHASE,
        null,
        null);
  }

  private void awaitRows(int rows) {
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") == rows);
  }

  private List<String> verdicts() {
    return bed.column("SELECT verdict FROM spendwatch.transactions ORDER BY event_time");
  }

  private List<Alert> alerts() {
    return bed.allCommitted(bed.topics().alerts()).stream()
        .map(record -> AlertCodec.decode(record.value()))
        .toList();
  }
}
