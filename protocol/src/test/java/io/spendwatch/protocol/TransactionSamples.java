package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Decoded.Rejected;
import io.spendwatch.protocol.Decoded.Valid;
import java.time.Instant;

/** A transaction as the contract has it, and what becomes of it with this or that changed. */
final class TransactionSamples {
  static final byte[] KEY = "42".getBytes(UTF_8);
  static final long LATEST_MS = Instant.parse("2024-07-12T16:00:00Z").toEpochMilli();

  static final String GOOD =
      """
      {"transactionId":"tx-1","userId":"42","amount":"754.52","currency":"USD",\
      "eventTime":"2024-07-12T15:57:33.120Z","kind":"PURCHASE","merchant":"m-17",\
      "originalTransactionId":null}\
      """;

  private TransactionSamples() {}

  /** With the key of the good example. */
  static Decoded<Transaction> decode(String json) {
    return TransactionCodec.decode(KEY, json.getBytes(UTF_8), LATEST_MS);
  }

  /** What it comes to, where it has to come to something. */
  static Transaction valid(String json) {
    Decoded<Transaction> decoded = decode(json);
    assertThat(decoded).isInstanceOf(Valid.class);
    return ((Valid<Transaction>) decoded).value();
  }

  /** The good example with another value for one field. */
  static String with(String field, String json) {
    String start = '"' + field + "\":";
    int from = GOOD.indexOf(start) + start.length();
    int to = from + GOOD.substring(from).split("[,}]", 2)[0].length();
    return GOOD.substring(0, from) + json + GOOD.substring(to);
  }

  /** Rejected for this reason, in one line that says all of these. */
  static void assertReason(
      Decoded<Transaction> decoded, DeadLetterReason reason, String... inMessage) {
    assertThat(decoded).isInstanceOf(Rejected.class);
    var rejected = (Rejected<Transaction>) decoded;
    assertThat(rejected.reason()).as(rejected.message()).isEqualTo(reason);
    assertThat(rejected.message()).doesNotContain("\n");
    for (String part : inMessage) {
      assertThat(rejected.message()).contains(part);
    }
  }
}
