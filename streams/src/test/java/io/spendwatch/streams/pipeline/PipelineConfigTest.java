package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.base.ConfigSection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of the transactions that are well-formed the settings accept. */
class PipelineConfigTest {

  @ParameterizedTest
  @CsvSource({
    "tx1, 42, m-17, 1000000000000000, ",
    "tx1, 42, m-17, 1000000000000001, AMOUNT_TOO_LARGE",
    "tx1, 42, m-17, 9223372036854775807, AMOUNT_TOO_LARGE",
    "tx1, 4111111111111111, m-17, 1, PAN_SUSPECTED",
    "tx1, 42, paid by 4111-1111-1111-1111, 1, PAN_SUSPECTED",
    "auth/4111111111111111, 42, , 1, PAN_SUSPECTED",
    "4111111111111111, 42, , 1, ",
  })
  void acceptsAmountsWithinTheBoundAndNoCardNumbers(
      String transactionId, String userId, String merchant, long amountMinor, String reason) {
    Decoded<Transaction> accepted =
        config("").accepted(valid(transactionId, userId, merchant, amountMinor));
    if (reason == null) {
      assertThat(accepted).isInstanceOf(Decoded.Valid.class);
    } else {
      assertThat(accepted)
          .isInstanceOfSatisfying(
              Decoded.Rejected.class,
              rejected -> {
                assertThat(rejected.reason()).hasToString(reason);
                assertThat(rejected.message()).doesNotContain("4111");
              });
    }
  }

  @Test
  void acceptsWhateverIsSet() {
    PipelineConfig config = config("pipeline { card-guard = false, amount-minor-max = 5 }");
    assertThat(config.accepted(valid("tx1", "4111111111111111", "m", 5)))
        .isInstanceOf(Decoded.Valid.class);
    assertThat(config.accepted(valid("tx1", "u1", "m", 6))).isInstanceOf(Decoded.Rejected.class);
  }

  private static Decoded<Transaction> valid(
      String transactionId, String userId, String merchant, long amountMinor) {
    return new Decoded.Valid<>(
        new Transaction(
            transactionId,
            userId,
            amountMinor,
            "USD",
            0,
            TransactionKind.PURCHASE,
            merchant,
            null));
  }

  private static PipelineConfig config(String overrides) {
    return PipelineConfig.from(
        ConfigSection.of(
            ConfigFactory.parseString("spendwatch {" + overrides + "}")
                .withFallback(ConfigFactory.defaultReference())
                .resolve(),
            "spendwatch.pipeline"));
  }
}
