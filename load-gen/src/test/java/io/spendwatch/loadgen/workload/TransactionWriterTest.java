package io.spendwatch.loadgen.workload;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionWriterTest {

  private static final long SEED = 5;

  /** Of two, no and three decimals. */
  @ParameterizedTest
  @ValueSource(strings = {"USD", "JPY", "KWD"})
  void writesWhatTheCodecWrites(String currency) {
    var writer = new TransactionWriter("run-", currency);
    var random = new SplittableRandom(SEED);
    long midnightMs = EventTime.parseMs("2026-03-01T00:00:00Z");
    for (int i = 0; i < 20_000; i++) {
      long number = random.nextLong(random.nextBoolean() ? 12 : 1L << 40);
      long amountMinor = 1 + random.nextLong(random.nextBoolean() ? 2_000 : 1L << 50);
      boolean refund = random.nextBoolean();
      // Over midnight, both ways, and over the end of a month.
      long eventTimeMs =
          midnightMs + random.nextLong(-100_000, 100_000) + random.nextLong(3) * 86_400_000;
      int merchant = random.nextInt(1_000);
      long original = random.nextLong(-1, 20);
      var transaction =
          new Transaction(
              "run-" + number,
              "run-u" + i,
              amountMinor,
              currency,
              eventTimeMs,
              refund ? TransactionKind.REFUND : TransactionKind.PURCHASE,
              "m-" + merchant,
              original < 0 ? null : "run-" + original);

      byte[] written =
          writer.write(
              number,
              transaction.userId().getBytes(UTF_8),
              transaction.signedAmountMinor(),
              eventTimeMs,
              merchant,
              original);

      assertThat(new String(written, UTF_8))
          .isEqualTo(new String(TransactionCodec.encode(transaction), UTF_8));
    }
  }
}
