package io.spendwatch.protocol;

import static io.spendwatch.protocol.DeadLetterReason.BAD_AMOUNT;
import static io.spendwatch.protocol.DeadLetterReason.BAD_CURRENCY;
import static io.spendwatch.protocol.DeadLetterReason.BAD_EVENT_TIME;
import static io.spendwatch.protocol.DeadLetterReason.BAD_ID;
import static io.spendwatch.protocol.DeadLetterReason.BAD_KIND;
import static io.spendwatch.protocol.DeadLetterReason.BAD_TEXT;
import static io.spendwatch.protocol.DeadLetterReason.FUTURE_EVENT_TIME;
import static io.spendwatch.protocol.DeadLetterReason.KEY_MISMATCH;
import static io.spendwatch.protocol.DeadLetterReason.MALFORMED_JSON;
import static io.spendwatch.protocol.DeadLetterReason.MISSING_FIELD;
import static io.spendwatch.protocol.DeadLetterReason.NO_VALUE;
import static io.spendwatch.protocol.DeadLetterReason.TOO_LARGE;
import static io.spendwatch.protocol.TransactionSamples.GOOD;
import static io.spendwatch.protocol.TransactionSamples.KEY;
import static io.spendwatch.protocol.TransactionSamples.LATEST_MS;
import static io.spendwatch.protocol.TransactionSamples.assertReason;
import static io.spendwatch.protocol.TransactionSamples.decode;
import static io.spendwatch.protocol.TransactionSamples.valid;
import static io.spendwatch.protocol.TransactionSamples.with;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Decoded.Rejected;
import io.spendwatch.protocol.Decoded.Valid;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionCodecTest {
  @Test
  void decodesTheContractsExample() {
    assertThat(decode(GOOD))
        .isEqualTo(
            new Valid<>(
                new Transaction(
                    "tx-1",
                    "42",
                    75452,
                    "USD",
                    Instant.parse("2024-07-12T15:57:33.120Z").toEpochMilli(),
                    TransactionKind.PURCHASE,
                    "m-17",
                    null)));
  }

  @Test
  void encodesTheContractsExample() {
    assertThat(new String(TransactionCodec.encode(valid(GOOD)), UTF_8)).isEqualTo(GOOD);
  }

  @Test
  void keepsEveryFieldOnARoundTrip() {
    var refund =
        new Transaction("tx \"\\\n𝄞", "ü-42", 7, "JPY", 0, TransactionKind.REFUND, "", "tx-0");

    assertThat(
            TransactionCodec.decode(
                "ü-42".getBytes(UTF_8), TransactionCodec.encode(refund), LATEST_MS))
        .isEqualTo(new Valid<>(refund));
  }

  @Test
  void doesNotPassAnUnpairedSurrogateOnAsSomethingElse() {
    for (String id : new String[] {"\ud800", "\ud800x", "x\udc00", "\udc00\ud800"}) {
      var broken = new Transaction(id, "42", 1, "USD", 0, TransactionKind.PURCHASE, null, null);
      byte[] value;
      try {
        value = TransactionCodec.encode(broken);
      } catch (IllegalArgumentException refused) {
        continue;
      }
      assertReason(TransactionCodec.decode(KEY, value, LATEST_MS), BAD_ID);
    }
  }

  @Test
  void fillsInWhatMayBeLeftOut() {
    Transaction transaction =
        valid(
            """
            {"transactionId":"t","userId":"42","amount":1,"currency":"USD","eventTime":0}\
            """);

    assertThat(transaction)
        .isEqualTo(new Transaction("t", "42", 100, "USD", 0, TransactionKind.PURCHASE, null, null));
    assertThat(valid(with("kind", "null")).kind()).isEqualTo(TransactionKind.PURCHASE);
    assertThat(valid(with("merchant", "null")).merchant()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"extra\":1,",
        "\"extra\":{\"userId\":\"43\",\"amount\":[-1,{\"kind\":\"x\"}]},",
        "\"extra\":[[[]],null,true],",
        "\"extra\":\"\\ud800\\u0000\",",
        "\"extra\":1e999999999,",
        "\"extra\":1,\"extra\":2,",
        "\"USERID\":\"43\",",
      })
  void ignoresUnknownFieldsNestedOnesToo(String extra) {
    assertThat(decode("{" + extra + GOOD.substring(1))).isEqualTo(decode(GOOD));
  }

  @Test
  void ignoresAnUnknownFieldHoweverDeepLongOrWide() {
    int room = DeadLetterReason.MAX_VALUE_BYTES - GOOD.length() - 20;
    String deep = "[".repeat(room / 2) + "]".repeat(room / 2);
    String digits = "9".repeat(room);

    assertThat(decode("{\"x\":" + deep + "," + GOOD.substring(1))).isEqualTo(decode(GOOD));
    assertThat(decode("{\"x\":" + digits + "," + GOOD.substring(1))).isEqualTo(decode(GOOD));
    assertThat(decode("{\"" + digits + "\":1," + GOOD.substring(1))).isEqualTo(decode(GOOD));
  }

  @Test
  void rejectsAMissingValue() {
    assertReason(TransactionCodec.decode(KEY, null, LATEST_MS), NO_VALUE);
    assertReason(TransactionCodec.decode(KEY, new byte[0], LATEST_MS), MALFORMED_JSON);
  }

  @Test
  void rejectsAValueOver64KiBAndTakesOneOfJust64KiB() {
    int room = DeadLetterReason.MAX_VALUE_BYTES - GOOD.length();

    assertThat(decode(" ".repeat(room) + GOOD)).isInstanceOf(Valid.class);
    assertReason(decode(" ".repeat(room + 1) + GOOD), TOO_LARGE);
    assertReason(
        TransactionCodec.decode(null, new byte[DeadLetterReason.MAX_VALUE_BYTES + 1], 0),
        TOO_LARGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " ",
        "null",
        "[]",
        "\"x\"",
        "1",
        "{",
        "{]",
        "{\"transactionId\"}",
        "{\"transactionId\":}",
        "{\"transactionId\":\"t\",}",
        "{transactionId:\"t\"}",
        "{'transactionId':'t'}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":NaN}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":tru}",
        "{\"a\":1}{}",
        "{\"a\":1}x",
        "{\"a\":1},",
        "{\"a\":1}\u0000",
        "/**/{\"a\":1}",
        "\ufeff{\"a\":1}",
        "{\"a\":\"unfinished",
      })
  void rejectsWhatIsNotOneJsonObject(String json) {
    assertReason(decode(json), MALFORMED_JSON);
  }

  @Test
  void rejectsGarbageAfterAGoodObject() {
    assertThat(decode(GOOD + " \r\n\t")).isInstanceOf(Valid.class);
    assertReason(decode(GOOD + GOOD), MALFORMED_JSON);
    assertReason(decode(GOOD + "]"), MALFORMED_JSON);
    assertReason(decode(GOOD.substring(0, GOOD.length() - 1)), MALFORMED_JSON);
  }

  @ParameterizedTest
  @ValueSource(strings = {"transactionId", "userId", "amount", "eventTime", "kind", "merchant"})
  void rejectsAKnownFieldTwice(String field) {
    assertReason(
        decode("{\"" + field + "\":null," + GOOD.substring(1)), MALFORMED_JSON, field + " twice");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u00c3", // lead byte alone
        "\u0080", // continuation byte alone
        "\u00c0\u0080", // NUL, overlong
        "\u00e0\u0080\u00af", // slash, overlong
        "\u00ed\u00a0\u0080", // an encoded surrogate
        "\u00f4\u0090\u0080\u0080", // beyond U+10FFFF
        "\u00ff",
      })
  void rejectsBrokenUtf8WhereverItIs(String bytes) {
    byte[] inKnownField = GOOD.replace("m-17", bytes).getBytes(ISO_8859_1);
    byte[] inUnknownField = ("{\"x\":\"" + bytes + "\"," + GOOD.substring(1)).getBytes(ISO_8859_1);

    assertReason(TransactionCodec.decode(KEY, inKnownField, LATEST_MS), MALFORMED_JSON, "UTF-8");
    assertReason(TransactionCodec.decode(KEY, inUnknownField, LATEST_MS), MALFORMED_JSON, "UTF-8");
  }

  @Test
  void rejectsOtherEncodings() {
    assertReason(TransactionCodec.decode(KEY, GOOD.getBytes(UTF_16), LATEST_MS), MALFORMED_JSON);
    assertReason(TransactionCodec.decode(KEY, GOOD.getBytes(UTF_16LE), LATEST_MS), MALFORMED_JSON);
  }

  @ParameterizedTest
  @ValueSource(strings = {"transactionId", "userId", "amount", "currency", "eventTime"})
  void rejectsARequiredFieldThatIsAbsentOrNullAndNamesIt(String field) {
    assertReason(decode(with(field, "null")), MISSING_FIELD, field);
    assertReason(decode(GOOD.replace('"' + field + '"', "\"other\"")), MISSING_FIELD, field);
  }

  @Test
  void rejectsAKeyThatIsNotTheUserId() {
    assertReason(TransactionCodec.decode(null, GOOD.getBytes(UTF_8), LATEST_MS), KEY_MISMATCH);
    for (byte[] key : new byte[][] {{}, "43".getBytes(UTF_8), "\"42\"".getBytes(UTF_8), {-1}}) {
      assertReason(TransactionCodec.decode(key, GOOD.getBytes(UTF_8), LATEST_MS), KEY_MISMATCH);
    }
  }

  @Test
  void namesTheFirstFaultInTheDocumentedOrder() {
    String faults =
        """
        {"transactionId":1,"userId":"42","amount":"x","currency":"x","eventTime":"x","kind":"x",\
        "merchant":1,"originalTransactionId":1}\
        """;

    assertReason(decode(faults + "}"), MALFORMED_JSON);
    assertReason(decode(faults.replace("\"userId\"", "\"u\"")), MISSING_FIELD);
    assertReason(decode(faults), BAD_ID);
    faults = faults.replace("{\"transactionId\":1", "{\"transactionId\":\"t\"");
    assertReason(decode(faults), BAD_CURRENCY);
    faults = faults.replace("\"currency\":\"x\"", "\"currency\":\"USD\"");
    assertReason(decode(faults), BAD_AMOUNT);
    faults = faults.replace("\"amount\":\"x\"", "\"amount\":1");
    assertReason(decode(faults), BAD_EVENT_TIME);
    faults = faults.replace("\"eventTime\":\"x\"", "\"eventTime\":9000000000000000");
    assertReason(decode(faults), BAD_KIND);
    faults = faults.replace("\"kind\":\"x\"", "\"kind\":\"REFUND\"");
    assertReason(decode(faults), BAD_TEXT);
    faults = faults.replace("\"merchant\":1", "\"merchant\":\"m\"");
    assertReason(decode(faults), BAD_ID);
    faults = faults.replace("Id\":1}", "Id\":\"t\"}");
    assertReason(TransactionCodec.decode(null, faults.getBytes(UTF_8), LATEST_MS), KEY_MISMATCH);
    assertReason(decode(faults), FUTURE_EVENT_TIME);
  }

  @Test
  void quotesOnlyTheBeginningOfALongText() {
    var rejected = (Rejected<Transaction>) decode(with("merchant", '"' + "𝄞".repeat(9_000) + '"'));

    assertThat(rejected.message()).contains("𝄞…\"").hasSizeLessThan(300);
  }
}
