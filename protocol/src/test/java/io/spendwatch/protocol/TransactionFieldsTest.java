package io.spendwatch.protocol;

import static io.spendwatch.protocol.DeadLetterReason.BAD_AMOUNT;
import static io.spendwatch.protocol.DeadLetterReason.BAD_CURRENCY;
import static io.spendwatch.protocol.DeadLetterReason.BAD_EVENT_TIME;
import static io.spendwatch.protocol.DeadLetterReason.BAD_ID;
import static io.spendwatch.protocol.DeadLetterReason.BAD_KIND;
import static io.spendwatch.protocol.DeadLetterReason.BAD_TEXT;
import static io.spendwatch.protocol.DeadLetterReason.FUTURE_EVENT_TIME;
import static io.spendwatch.protocol.TransactionSamples.assertReason;
import static io.spendwatch.protocol.TransactionSamples.decode;
import static io.spendwatch.protocol.TransactionSamples.valid;
import static io.spendwatch.protocol.TransactionSamples.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Decoded.Valid;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each field of a transaction may be. */
class TransactionFieldsTest {
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
}
