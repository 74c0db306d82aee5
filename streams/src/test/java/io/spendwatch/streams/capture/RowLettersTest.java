package io.spendwatch.streams.capture;

import static io.spendwatch.streams.capture.CapturedSales.letter;
import static io.spendwatch.streams.capture.CapturedSales.sale;
import static io.spendwatch.streams.capture.CapturedSales.sales;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.streams.capture.Captured.PutAside;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Row;
import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RowLettersTest {
  private final LogPlaces places = new LogPlaces();

  static Stream<Arguments> cannotBeMapped() {
    return Stream.of(
        Arguments.of("amount", null, DeadLetterReason.MISSING_FIELD),
        Arguments.of("amount", new BigDecimal("0.005"), DeadLetterReason.BAD_AMOUNT),
        Arguments.of("amount", new BigDecimal("-1"), DeadLetterReason.BAD_AMOUNT),
        Arguments.of("amount", new BigDecimal("92233720368547758.08"), DeadLetterReason.BAD_AMOUNT),
        Arguments.of("amount", new BigDecimal("1E+999999"), DeadLetterReason.BAD_AMOUNT),
        Arguments.of("amount", 12.5, DeadLetterReason.BAD_AMOUNT),
        Arguments.of("amount", "12.5", DeadLetterReason.BAD_AMOUNT),
        Arguments.of("currency", "EURO", DeadLetterReason.BAD_CURRENCY),
        Arguments.of("currency", "eur", DeadLetterReason.BAD_CURRENCY),
        Arguments.of("currency", null, DeadLetterReason.MISSING_FIELD),
        Arguments.of("user", null, DeadLetterReason.MISSING_FIELD),
        Arguments.of("user", "", DeadLetterReason.BAD_ID),
        Arguments.of("user", "x".repeat(65), DeadLetterReason.BAD_ID),
        Arguments.of("user", "a\0b", DeadLetterReason.BAD_ID),
        Arguments.of("user", "half of \ud83e", DeadLetterReason.BAD_ID),
        Arguments.of("store", "x".repeat(256), DeadLetterReason.BAD_TEXT),
        Arguments.of("of", "x".repeat(65), DeadLetterReason.BAD_ID),
        Arguments.of("at", null, DeadLetterReason.MISSING_FIELD),
        Arguments.of("at", "infinity", DeadLetterReason.BAD_EVENT_TIME),
        Arguments.of("at", 5L, DeadLetterReason.BAD_EVENT_TIME),
        Arguments.of(
            "at", LocalDateTime.parse("1969-12-31T00:00:00"), DeadLetterReason.BAD_EVENT_TIME),
        Arguments.of("amount", Row.NotSent.NOT_SENT, DeadLetterReason.MISSING_FIELD));
  }

  @ParameterizedTest
  @MethodSource("cannotBeMapped")
  void whatCannotBeMappedIsPutAside(String column, Object value, DeadLetterReason reason) {
    PutAside letter =
        letter(sales("").map(new Inserted("shop.sales", sale(column, value), places.next())));

    assertThat(letter.reason()).isEqualTo(reason);
    assertThat(letter.kind()).isEqualTo(Captured.Kind.TRANSACTIONS);
    assertThat(letter.table()).isEqualTo("shop.sales");
    assertThat(letter.value())
        .as("the mapped columns, and no others")
        .contains("\"id\":7")
        .contains("\"position\":\"lsn=1\"")
        .doesNotContain("secret");
  }

  @Test
  void aLetterHasItsUserForKeyWhereThereIsOne() {
    assertThat(
            letter(sales("").map(new Inserted("shop.sales", sale("amount", null), places.next())))
                .userId())
        .contains("u1");
    assertThat(
            letter(sales("").map(new Inserted("shop.sales", sale("user", null), places.next())))
                .userId())
        .isEmpty();
  }
}
