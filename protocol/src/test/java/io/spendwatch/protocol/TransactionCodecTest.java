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
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Decoded.Rejected;
import io.spendwatch.protocol.Decoded.Valid;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionCodecTest {

  private static final byte[] KEY = "42".getBytes(UTF_8);
  private static final long LATEST_MS = Instant.parse("2024-07-12T16:00:00Z").toEpochMilli();

  private static final String GOOD =
      """
      {"transactionId":"tx-1","userId":"42","amount":"754.52","currency":"USD",\
      "eventTime":"2024-07-12T15:57:33.120Z","kind":"PURCHASE","merchant":"m-17",\
      "originalTransactionId":null}""";

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
            {"transactionId":"t","userId":"42","amount":1,"currency":"USD","eventTime":0}""");

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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\"",
        "42",
        "true",
        "[\"42\"]",
        "{\"id\":\"42\"}",
        "\"4\\u00002\"",
        "\"\\ud83d\"",
        "\"\\udd1e\\ud834\"",
        "\"0123456789012345678901234567890123456789012345678901234567890123x\"",
      })
  void rejectsABadId(String id) {
    assertReason(decode(with("userId", id)), BAD_ID, "userId");
    assertReason(decode(with("transactionId", id)), BAD_ID, "transactionId");
    assertReason(decode(with("originalTransactionId", id)), BAD_ID, "originalTransactionId");
  }

  @Test
  void takesIdsOf64CharactersEvenWhereEachIsASurrogatePair() {
    assertThat(valid(with("transactionId", '"' + "𝄞".repeat(64) + '"')).transactionId())
        .isEqualTo("𝄞".repeat(64));
    assertReason(decode(with("transactionId", '"' + "𝄞".repeat(65) + '"')), BAD_ID);
    assertThat(valid(with("transactionId", "\"\\ud834\\udd1e\"")).transactionId()).isEqualTo("𝄞");
  }

  @ParameterizedTest
  @CsvSource({
    "12.50,1250",
    "\"12.50\",1250",
    "\"12.5\",1250",
    "\"12\",1200",
    "\"0.01\",1",
    "\"007\",700",
    "92233720368547758.07,9223372036854775807",
    "1E+2,10000",
    "1e2,10000",
    "1.5e1,1500",
    "100.00E0,10000",
    "12345e-2,12345",
    "12.500,1250",
    "0.10e-0,10",
    "1000000000000e-14,1",
    "9223372036854775807e-2,9223372036854775807",
    "0.00000000000000000001e21,1000",
  })
  void readsAmountsExactly(String json, long amountMinor) {
    assertThat(valid(with("amount", json)).amountMinor()).isEqualTo(amountMinor);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "\"0.00\"",
        "-1",
        "\"-0.01\"",
        "-0",
        "\"\"",
        "\" 1\"",
        "\"1,50\"",
        "\"+1\"",
        "\"1.\"",
        "\".5\"",
        "\"1.2.3\"",
        "\"-\"",
        "\".\"",
        "\"٣\"",
        "\"0x10\"",
        "\"NaN\"",
        "\"12.500\"",
        "0.001",
        "12.345",
        "12345e-3",
        "1e-3",
        "0e0",
        "0E+999999999",
        "\"1E2\"",
        "1e999999999",
        "1e-999999999",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "9223372036854775808e-2",
        "-1e2",
        "92233720368547758.08",
        "99999999999999999999999999",
        "true",
        "[1]",
        "{\"value\":1}",
      })
  void rejectsABadAmount(String json) {
    assertReason(decode(with("amount", json)), BAD_AMOUNT, "amount");
  }

  @Test
  void assessesAHugeAmountInNoTime() {
    String digits = "9".repeat(60_000);
    String half = "9".repeat(30_000);

    Assertions.assertTimeout(
        Duration.ofSeconds(2),
        () -> {
          for (int i = 0; i < 100; i++) {
            assertReason(decode(with("amount", digits)), BAD_AMOUNT);
            assertReason(decode(with("amount", "1e999999999")), BAD_AMOUNT);
            assertReason(decode(with("amount", "1e" + digits)), BAD_AMOUNT);
            assertReason(decode(with("amount", "0." + half + "e" + half)), BAD_AMOUNT);
            assertReason(decode(with("amount", "1" + "0".repeat(60_000))), BAD_AMOUNT);
          }
        });
  }

  @ParameterizedTest
  @CsvSource({"JPY,1", "USD,1.50", "BHD,1.234", "CLF,1.2345", "UYW,1.2345"})
  void allowsTheCurrencysOwnDecimalsAndNoMore(String currency, String amount) {
    String json = with("currency", '"' + currency + '"');
    String zeroMore = amount + (currency.equals("JPY") ? ".0" : "0");
    String oneMore = amount + (currency.equals("JPY") ? ".1" : "1");

    assertThat(decode(json.replace("754.52", amount))).isInstanceOf(Valid.class);
    assertReason(decode(json.replace("754.52", zeroMore)), BAD_AMOUNT);
    assertReason(decode(json.replace("754.52", oneMore)), BAD_AMOUNT);
    // A number counts by its value, which a zero at its end does not change.
    assertThat(decode(json.replace("\"754.52\"", zeroMore)))
        .isEqualTo(decode(json.replace("754.52", amount)));
    assertReason(decode(json.replace("\"754.52\"", oneMore)), BAD_AMOUNT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"usd\"",
        "\"\"",
        "\"US\"",
        "\"USDX\"",
        "\"ZZZ\"",
        "\"XXX\"",
        "\"XAU\"",
        "840",
        "{}"
      })
  void rejectsABadCurrency(String json) {
    assertReason(decode(with("currency", json)), BAD_CURRENCY, "currency");
  }

  @ParameterizedTest
  @CsvSource({
    "\"2024-07-12T15:57:33Z\",1720799853000",
    "\"2024-07-12T15:57:33.120Z\",1720799853120",
    "\"2024-07-12T15:57:33.120999999Z\",1720799853120",
    "\"2024-07-12T17:57:33.12+02:00\",1720799853120",
    "\"2024-07-12T17:57:33.12+0200\",1720799853120",
    "\"2024-07-12T17:57:33.12+02\",1720799853120",
    "\"2024-07-12T15:57Z\",1720799820000",
    "1720799853120,1720799853120",
    "0,0",
    "\"1970-01-01T00:00:00Z\",0",
  })
  void readsEventTimes(String json, long eventTimeMs) {
    assertThat(valid(with("eventTime", json)).eventTimeMs()).isEqualTo(eventTimeMs);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\"",
        "\"2024-07-12\"",
        "\"2024-07-12T15:57:33\"",
        "\"2024-07-12 15:57:33Z\"",
        "\"2024-02-30T15:57:33Z\"",
        "\"2023-02-29T15:57:33Z\"",
        "\"2024-07-12T24:00:00Z\"",
        "\"2024-07-12T15:57:60Z\"",
        "\"2024-7-12T15:57:33Z\"",
        "\"2024-07-12T15:57:33[Europe/Berlin]\"",
        "\"yesterday\"",
        "\"1720799853120\"",
        "1720799853120.5",
        "1.72e12",
        "99999999999999999999",
        "\"+999999999-12-31T23:59:59Z\"",
        "-1",
        "\"1969-12-31T23:59:59.999Z\"",
        "\"1969-12-31T23:59:59.999999Z\"",
        "\"1970-01-01T00:00:00+00:01\"",
        "true",
        "[]",
      })
  void rejectsABadEventTime(String json) {
    assertReason(decode(with("eventTime", json)), BAD_EVENT_TIME, "eventTime");
  }

  @Test
  void rejectsAnEventTimePastTheLatestAndTakesTheLatestItself() {
    assertThat(decode(with("eventTime", "\"2024-07-12T16:00:00.000999Z\"")))
        .isInstanceOf(Valid.class);
    assertReason(
        decode(with("eventTime", "\"2024-07-12T16:00:00.001Z\"")), FUTURE_EVENT_TIME, "eventTime");
    assertReason(decode(with("eventTime", "9223372036854775807")), FUTURE_EVENT_TIME);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"purchase\"", "\"\"", "\"CHARGEBACK\"", "1", "{}"})
  void rejectsAnUnknownKind(String json) {
    assertReason(decode(with("kind", json)), BAD_KIND, "kind");
  }

  @Test
  void rejectsTextThatCannotBeStored() {
    assertReason(decode(with("merchant", "\"a\\u0000\"")), BAD_TEXT, "merchant");
    assertReason(decode(with("merchant", "\"\\udc00\"")), BAD_TEXT);
    assertReason(decode(with("merchant", "17")), BAD_TEXT);
    assertReason(decode(with("merchant", '"' + "m".repeat(257) + '"')), BAD_TEXT);
    assertThat(valid(with("merchant", '"' + "𝄞".repeat(256) + '"')).merchant()).hasSize(512);
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
        "merchant":1,"originalTransactionId":1}""";

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

  private static Decoded<Transaction> decode(String json) {
    return TransactionCodec.decode(KEY, json.getBytes(UTF_8), LATEST_MS);
  }

  private static Transaction valid(String json) {
    Decoded<Transaction> decoded = decode(json);
    assertThat(decoded).isInstanceOf(Valid.class);
    return ((Valid<Transaction>) decoded).value();
  }

  /** The good example with another value for one field. */
  private static String with(String field, String json) {
    String start = '"' + field + "\":";
    int from = GOOD.indexOf(start) + start.length();
    int to = from + GOOD.substring(from).split("[,}]", 2)[0].length();
    return GOOD.substring(0, from) + json + GOOD.substring(to);
  }

  private static void assertReason(
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
