package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Decoded.Rejected;
import io.spendwatch.protocol.Decoded.Valid;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BalanceCodecTest {

  private static final byte[] KEY = "42".getBytes(UTF_8);
  private static final long AS_OF_MS = Instant.parse("2024-07-12T00:00:00Z").toEpochMilli();

  private static final String GOOD =
      """
      {"userId":"42","username":"user42","balance":"516.29","currency":"USD",\
      "asOf":"2024-07-12T00:00:00Z"}""";

  @Test
  void decodesTheContractsExample() {
    assertThat(decode(GOOD))
        .isEqualTo(new Valid<>(new Balance("42", "user42", 51629, "USD", AS_OF_MS)));
  }

  @Test
  void keepsEveryFieldOnARoundTrip() {
    var overdraft = new Balance("42", null, -1, "USD", 1);

    assertThat(BalanceCodec.decode(KEY, BalanceCodec.encode(overdraft), AS_OF_MS))
        .isEqualTo(new Valid<>(overdraft));
  }

  @ParameterizedTest
  @CsvSource({
    "-516.29,-51629",
    "0,0",
    "-0.00,0",
    "92233720368547758.07,9223372036854775807",
    "-92233720368547758.08,-9223372036854775808",
  })
  void takesEveryBalanceThat64BitsHold(String text, long balanceMinor) {
    String json = GOOD.replace("516.29", text);

    assertThat(decode(json))
        .isEqualTo(new Valid<>(new Balance("42", "user42", balanceMinor, "USD", AS_OF_MS)));
  }

  @ParameterizedTest
  @CsvSource({"-1E+2,-10000", "0E+999999999,0", "-0.0,0", "1.5000,150"})
  void takesABalanceThatIsANumberByItsExactValue(String number, long balanceMinor) {
    String json = GOOD.replace("\"516.29\"", number);

    assertThat(decode(json))
        .isEqualTo(new Valid<>(new Balance("42", "user42", balanceMinor, "USD", AS_OF_MS)));
    assertThat(decode(GOOD.replace("516.29", "1E+2"))).isInstanceOf(Rejected.class);
  }

  @ParameterizedTest
  @CsvSource({
    "516.29,-92233720368547758.09,BAD_AMOUNT",
    "516.29,--1,BAD_AMOUNT",
    "516.29,1.001,BAD_AMOUNT",
    "USD,EURO,BAD_CURRENCY",
    "2024-07-12T00:00:00Z,2024-07-12,BAD_EVENT_TIME",
    "2024-07-12T00:00:00Z,2024-07-12T00:00:00.001Z,FUTURE_EVENT_TIME",
    "user42,\\u0000,BAD_TEXT",
    "\"42\",42,BAD_ID",
    "\"42\",\"43\",KEY_MISMATCH",
    "asOf,as_of,MISSING_FIELD",
    "username,userId,MALFORMED_JSON",
  })
  void rejectsWhatIsBad(String good, String bad, DeadLetterReason reason) {
    assertThat(decode(GOOD.replace(good, bad)))
        .isInstanceOfSatisfying(
            Rejected.class, rejected -> assertThat(rejected.reason()).isEqualTo(reason));
  }

  @Test
  void rejectsAMissingValue() {
    assertThat(BalanceCodec.decode(KEY, null, AS_OF_MS))
        .isInstanceOfSatisfying(
            Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(DeadLetterReason.NO_VALUE));
  }

  private static Decoded<Balance> decode(String json) {
    return BalanceCodec.decode(KEY, json.getBytes(UTF_8), AS_OF_MS);
  }
}
