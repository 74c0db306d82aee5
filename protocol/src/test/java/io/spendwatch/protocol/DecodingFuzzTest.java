package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Decoded.Rejected;
import io.spendwatch.protocol.Decoded.Valid;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Whatever the bytes: decoding answers with Valid or Rejected, and what is Valid is storable. */
class DecodingFuzzTest {

  private static final int CASES = 60_000;
  private static final byte[] KEY = "42".getBytes(UTF_8);
  private static final long LATEST_MS = 2_000_000_000_000L;

  private static final String TRANSACTION =
      """
      {"transactionId":"tx-1","userId":"42","amount":"754.52","currency":"USD",\
      "eventTime":"2024-07-12T15:57:33.120Z","kind":"REFUND","merchant":"Käse 𝄞",\
      "originalTransactionId":"tx-0"}""";
  private static final String BALANCE =
      """
      {"userId":"42","username":"user42","balance":-516.29,"currency":"USD",\
      "asOf":1720799853120}""";
  private static final List<String> FRAGMENTS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "\\",
          "\\u0000",
          "\\ud800",
          "\\udc00",
          "null",
          "true",
          "1e999999999",
          "-",
          "0",
          "9".repeat(40),
          ".",
          "1.005",
          "\"userId\":",
          "\"amount\":",
          "\"currency\":\"JPY\"",
          "\"kind\":\"REFUND\"",
          "2024-02-30T00:00:00Z",
          "+18:00",
          "T",
          "Z",
          "\u0000",
          "é",
          "𝄞",
          " ",
          "\n",
          "x".repeat(70));

  private final long seed = Long.getLong("spendwatch.test.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @Test
  void answersWhateverTheBytes() {
    System.out.println("DecodingFuzzTest: -Dspendwatch.test.seed=" + seed);
    Set<DeadLetterReason> seen = EnumSet.noneOf(DeadLetterReason.class);
    int valid = 0;
    for (int i = 0; i < CASES; i++) {
      byte[] transaction = mutated(TRANSACTION);
      byte[] balance = mutated(BALANCE);
      byte[] key = random.nextInt(50) == 0 ? mutated("42") : KEY;

      Decoded<Transaction> decoded = TransactionCodec.decode(key, transaction, LATEST_MS);
      if (decoded instanceof Valid<Transaction> good) {
        valid++;
        assertStorable(good.value());
      } else {
        seen.add(((Rejected<Transaction>) decoded).reason());
        assertThat(((Rejected<Transaction>) decoded).message()).isNotBlank();
      }
      Decoded<Balance> decodedBalance = BalanceCodec.decode(key, balance, LATEST_MS);
      if (decodedBalance instanceof Valid<Balance> good) {
        assertThat(BalanceCodec.decode(KEY, BalanceCodec.encode(good.value()), LATEST_MS))
            .isEqualTo(good);
      }
    }
    assertThat(valid).isBetween(CASES / 100, CASES);
    assertThat(seen)
        .contains(
            DeadLetterReason.MALFORMED_JSON,
            DeadLetterReason.MISSING_FIELD,
            DeadLetterReason.BAD_ID,
            DeadLetterReason.BAD_AMOUNT,
            DeadLetterReason.BAD_CURRENCY,
            DeadLetterReason.BAD_EVENT_TIME,
            DeadLetterReason.BAD_KIND,
            DeadLetterReason.KEY_MISMATCH);
  }

  private static void assertStorable(Transaction transaction) {
    assertThat(transaction.userId()).isEqualTo("42");
    assertThat(transaction.amountMinor()).isPositive();
    assertThat(transaction.eventTimeMs()).isBetween(0L, LATEST_MS);
    assertThat(transaction.transactionId()).doesNotContain("\u0000");
    assertThat(TransactionCodec.decode(KEY, TransactionCodec.encode(transaction), LATEST_MS))
        .isEqualTo(new Valid<>(transaction));
  }

  /** A few small faults: enough to break every rule, few enough that some records stay good. */
  private byte[] mutated(String json) {
    byte[] bytes = json.getBytes(UTF_8);
    for (int faults = random.nextInt(4); faults >= 0; faults--) {
      int at = random.nextInt(bytes.length + 1);
      int to = Math.min(bytes.length, at + random.nextInt(12));
      bytes =
          switch (random.nextInt(5)) {
            case 0 -> spliced(bytes, at, to, new byte[0]);
            case 1 -> spliced(bytes, at, at, fragment());
            case 2 -> spliced(bytes, at, to, fragment());
            case 3 -> spliced(bytes, at, at, Arrays.copyOfRange(bytes, at, to));
            default -> flipped(bytes);
          };
    }
    return bytes;
  }

  private byte[] fragment() {
    return FRAGMENTS.get(random.nextInt(FRAGMENTS.size())).getBytes(UTF_8);
  }

  private byte[] flipped(byte[] bytes) {
    byte[] flipped = bytes.clone();
    if (flipped.length > 0) {
      flipped[random.nextInt(flipped.length)] = (byte) random.nextInt(256);
    }
    return flipped;
  }

  private static byte[] spliced(byte[] bytes, int from, int to, byte[] replacement) {
    byte[] spliced = new byte[bytes.length - (to - from) + replacement.length];
    System.arraycopy(bytes, 0, spliced, 0, from);
    System.arraycopy(replacement, 0, spliced, from, replacement.length);
    System.arraycopy(bytes, to, spliced, from + replacement.length, bytes.length - to);
    return spliced;
  }
}
