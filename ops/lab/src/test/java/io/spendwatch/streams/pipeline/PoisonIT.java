package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.ToLongFunction;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Records that nothing can be done about, and faults for which no record is to blame. */
@ExtendWith(Servers.class)
class PoisonIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Longer than all tries at a poisonous record take. */
  private static final Duration LONGER_THAN_ALL_TRIES = Duration.ofSeconds(3);

  private PipelinesBed bed;

  @BeforeEach
  void prepare(TestBed servers) throws Exception {
    bed = new PipelinesBed(servers.bootstrapServers(), servers.database());
  }

  @AfterEach
  void cleanUp() {
    bed.close();
  }

  @Test
  void putsAsideTheFirstTheLastAndSomeInTheMiddleAndLosesNothingElse() throws Exception {
    refuse("transactions", "transaction_id IN ('first', 'tx1234', 'tx1235', 'last')");
    Spending spending = new Spending(bed, 11);
    bed.send(purchase("first", "u0", Spending.START_MS));
    spending.spend(6_000);
    bed.send(purchase("last", "u0", Spending.START_MS));
    bed.flush();
    bed.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor)"
            + " SELECT 'u' || n, 'USD', 100000 + n FROM generate_series(0, 199) n");

    PipelinesNode node = bed.start("a");

    await().atMost(LIMIT).until(bed::isCaughtUp);
    spending.awaitAndVerifyBut(2);
    List<ConsumerRecord<byte[], byte[]>> letters =
        bed.allCommitted(bed.topics().transactionsDeadLetters());
    assertThat(letters)
        .extracting(PoisonIT::transactionId)
        .containsExactlyInAnyOrder("first", "tx1234", "tx1235", "last");
    assertThat(letters)
        .allSatisfy(
            letter -> {
              assertThat(header(letter, DeadLetters.REASON)).isEqualTo("INTERNAL_ERROR");
              assertThat(header(letter, DeadLetters.MESSAGE)).contains("poison").contains("22000");
              assertThat(header(letter, DeadLetters.TOPIC)).isEqualTo(bed.topics().transactions());
            });
    assertThat(sum(node, PartitionStatus::internalErrors)).isEqualTo(4);
    assertThat(sum(node, PartitionStatus::deadLetters)).isEqualTo(4);

    bed.send(purchase("later", "u0", Spending.START_MS));
    await()
        .atMost(LIMIT)
        .until(
            () ->
                bed.number(
                        "SELECT count(*) FROM spendwatch.transactions WHERE transaction_id = 'later'")
                    == 1);
  }

  @Test
  void putsAsideABalanceThatTheTableRefuses() {
    refuse("accounts", "user_id = 'u7'");
    for (int user = 0; user < 100; user++) {
      bed.send(new Balance("u" + user, "user " + user, user, "USD", Spending.START_MS));
    }
    bed.flush();

    PipelinesNode node = bed.start("a");

    await().atMost(LIMIT).until(() -> bed.number("SELECT count(*) FROM spendwatch.accounts") == 99);
    await().atMost(LIMIT).until(bed::isCaughtUp);
    assertThat(bed.allCommitted(bed.topics().balancesDeadLetters()))
        .singleElement()
        .satisfies(
            letter -> {
              assertThat(header(letter, DeadLetters.REASON)).isEqualTo("INTERNAL_ERROR");
              assertThat(BalanceCodec.decode(letter.key(), letter.value(), Long.MAX_VALUE))
                  .isInstanceOf(Decoded.Valid.class);
              assertThat(letter.key()).asString(UTF_8).isEqualTo("u7");
            });
    assertThat(sum(node, PartitionStatus::internalErrors)).isOne();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          REVOKE INSERT ON spendwatch.transactions FROM spendwatch_oltp | GRANT INSERT ON spendwatch.transactions TO spendwatch_oltp      | 42501
          ALTER TABLE spendwatch.transactions RENAME TO away           | ALTER TABLE spendwatch.away RENAME TO transactions              | 42P01
          ALTER TABLE spendwatch.transactions RENAME COLUMN merchant TO shop | ALTER TABLE spendwatch.transactions RENAME COLUMN shop TO merchant | 42703
          """)
  void blamesNoRecordForWhatAnOperatorMustRepair(String breakIt, String repairIt, String sqlState)
      throws Exception {
    PipelinesNode node =
        bed.start("a", "spendwatch.postgres.uri = \"" + bed.postgresUriOfPlainUser() + "\"");
    bed.send(purchase("tx0", "u0", Spending.START_MS));
    await().atMost(LIMIT).until(() -> rows() == 1);

    bed.execute(breakIt);
    for (int i = 1; i <= 100; i++) {
      bed.send(purchase("tx" + i, "u" + i % 10, Spending.START_MS + i));
    }
    bed.flush();

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(node.status().partitions())
                    .anySatisfy(
                        partition ->
                            assertThat(partition.waitingFor())
                                .get(InstanceOfAssertFactories.STRING)
                                .contains(sqlState)));
    await()
        .during(LONGER_THAN_ALL_TRIES)
        .atMost(LIMIT)
        .until(() -> sum(node, PartitionStatus::deadLetters) == 0);
    bed.execute(repairIt);

    await().atMost(LIMIT).until(() -> rows() == 101);
    await().atMost(LIMIT).until(bed::isCaughtUp);
    assertThat(bed.allCommitted(bed.topics().transactionsDeadLetters())).isEmpty();
    assertThat(sum(node, PartitionStatus::internalErrors)).isZero();
    await().atMost(LIMIT).until(() -> node.status().isHealthy());
  }

  @Test
  void shortensADeadLetterThatItsTopicDoesNotTake() throws Exception {
    bed.limit(bed.topics().transactionsDeadLetters(), 2_000);
    byte[] garbage = new byte[20_000];
    new Random(12).nextBytes(garbage);
    PipelinesNode node = bed.start("a");

    bed.send(bed.topics().transactions(), "u0".getBytes(UTF_8), "small".getBytes(UTF_8));
    bed.send(bed.topics().transactions(), "u0".getBytes(UTF_8), garbage);
    bed.send(purchase("tx0", "u0", Spending.START_MS));
    bed.flush();

    await().atMost(LIMIT).until(() -> rows() == 1);
    await().atMost(LIMIT).until(bed::isCaughtUp);
    List<ConsumerRecord<byte[], byte[]>> letters =
        bed.allCommitted(bed.topics().transactionsDeadLetters());
    assertThat(letters).hasSize(2);
    assertThat(letters.getFirst().value()).asString(UTF_8).isEqualTo("small");
    assertThat(letters.getLast().value()).isNull();
    assertThat(header(letters.getLast(), DeadLetters.VALUE_OMITTED)).isEqualTo("20000");
    assertThat(header(letters.getLast(), DeadLetters.OFFSET)).isEqualTo("1");
    assertThat(sum(node, PartitionStatus::restarts)).isZero();
  }

  /** The database itself refuses such rows, as it would a value that it cannot hold. */
  private void refuse(String table, String condition) {
    bed.execute(
        """
        CREATE FUNCTION spendwatch.refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = '22000'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON spendwatch.%s
          FOR EACH ROW WHEN (new.%s) EXECUTE FUNCTION spendwatch.refuse()
        """
            .formatted(table, condition));
  }

  private long rows() {
    return bed.number("SELECT count(*) FROM spendwatch.transactions");
  }

  private static long sum(PipelinesNode node, ToLongFunction<PartitionStatus> count) {
    return node.status().partitions().stream().mapToLong(count).sum();
  }

  private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
    return new String(letter.headers().lastHeader(name).value(), UTF_8);
  }

  private static String transactionId(ConsumerRecord<byte[], byte[]> letter) {
    return switch (TransactionCodec.decode(letter.key(), letter.value(), Long.MAX_VALUE)) {
      case Decoded.Valid<Transaction>(Transaction transaction) -> transaction.transactionId();
      case Decoded.Rejected<Transaction> rejected -> rejected.toString();
    };
  }

  private static Transaction purchase(String transactionId, String userId, long eventTimeMs) {
    return new Transaction(
        transactionId, userId, 1, "USD", eventTimeMs, TransactionKind.PURCHASE, null, null);
  }
}
