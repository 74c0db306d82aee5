package io.spendwatch.streams.capture;

import static io.spendwatch.streams.capture.CapturedSales.SALES;
import static io.spendwatch.streams.capture.CapturedSales.letter;
import static io.spendwatch.streams.capture.CapturedSales.mapper;
import static io.spendwatch.streams.capture.CapturedSales.only;
import static io.spendwatch.streams.capture.CapturedSales.sale;
import static io.spendwatch.streams.capture.CapturedSales.sales;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Row;
import io.spendwatch.streams.capture.expression.ColumnGoneException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a row stands for, by the mapping of its table. */
class TransactionsTableTest {
  private final LogPlaces places = new LogPlaces();

  @Test
  void aNewRowIsATransactionWithTheRowsId() {
    assertThat(only(sales("").map(new Inserted("shop.sales", sale(), places.next()))))
        .isEqualTo(
            new Transaction(
                "s-7",
                "u1",
                1250,
                "EUR",
                Instant.parse("2026-07-01T10:00:00Z").toEpochMilli(),
                TransactionKind.PURCHASE,
                "m3",
                null));
  }

  @ParameterizedTest
  @CsvSource({
    "12.50, EUR, 1250",
    "12.5, EUR, 1250",
    "12.5000, EUR, 1250",
    "0.01, EUR, 1",
    "92233720368547758.07, EUR, 9223372036854775807",
    "7, JPY, 7",
    "7.00, JPY, 7",
    "1.234, KWD, 1234",
    "1E+3, EUR, 100000",
  })
  void decimalsAreExact(String amount, String currency, long minor) {
    Row row = sale("amount", new BigDecimal(amount), "currency", currency);
    assertThat(only(sales("").map(new Inserted("shop.sales", row, places.next()))).amountMinor())
        .isEqualTo(minor);
  }

  static Stream<Arguments> times() {
    return Stream.of(
        Arguments.of(LocalDateTime.parse("2026-01-01T00:00:00.123456"), "2025-12-31T23:00:00.123Z"),
        // The hour that there is twice: the first of them.
        Arguments.of(LocalDateTime.parse("2026-10-25T02:30:00"), "2026-10-25T00:30:00Z"),
        // The hour that there is not: as much later.
        Arguments.of(LocalDateTime.parse("2026-03-29T02:30:00"), "2026-03-29T01:30:00Z"),
        Arguments.of(Instant.parse("2026-07-01T10:00:00.999999Z"), "2026-07-01T10:00:00.999Z"),
        Arguments.of(LocalDate.parse("2026-07-01"), "2026-06-30T22:00:00Z"));
  }

  @ParameterizedTest
  @MethodSource("times")
  void localTimesAreOfTheirZoneAndOthersAsTheyAre(Object value, String expected) {
    assertThat(
            only(sales("").map(new Inserted("shop.sales", sale("at", value), places.next())))
                .eventTimeMs())
        .isEqualTo(Instant.parse(expected).toEpochMilli());
  }

  @ParameterizedTest
  @CsvSource({
    "seconds, 1752000000, 1752000000000",
    "milliseconds, 1752000000123, 1752000000123",
    "microseconds, 1752000000123999, 1752000000123"
  })
  void numbersCountSince1970(String unit, long value, long expectedMs) {
    ChangeMapper mapper =
        mapper(SALES.replace("zone = \"Europe/Berlin\"", "unit = " + unit).replace("%s", ""));
    assertThat(
            only(mapper.map(new Inserted("shop.sales", sale("at", value), places.next())))
                .eventTimeMs())
        .isEqualTo(expectedMs);
  }

  @Test
  void dayAndTimeMayStandInTwoColumns() {
    ChangeMapper mapper =
        mapper(
            SALES.replace("column = at, zone", "day = day, time = time, zone").replace("%s", ""));
    long expected = Instant.parse("2003-01-02T11:00:01Z").toEpochMilli();
    assertThat(
            only(mapper.map(
                    new Inserted(
                        "shop.sales", sale("day", 2_452_642L, "time", 43_201L), places.next())))
                .eventTimeMs())
        .isEqualTo(expected);
    assertThat(
            only(mapper.map(
                    new Inserted(
                        "shop.sales",
                        sale(
                            "day",
                            LocalDate.parse("2003-01-02"),
                            "time",
                            LocalTime.parse("12:00:01")),
                        places.next())))
                .eventTimeMs())
        .isEqualTo(expected);
  }

  @Test
  void theSignMayTellWhatARowIs() {
    ChangeMapper mapper =
        mapper(
            SALES.replace("purchases", "transactions").replace("%s", "kind { positive = REFUND }"));
    assertThat(
            only(mapper.map(
                    new Inserted(
                        "shop.sales", sale("amount", new BigDecimal("-3.00")), places.next())))
                .signedAmountMinor())
        .isEqualTo(300);
    assertThat(
            only(mapper.map(new Inserted("shop.sales", sale(), places.next()))).signedAmountMinor())
        .isEqualTo(-1250);
  }

  @Test
  void aColumnMayTellWhatARowIs() {
    ChangeMapper mapper =
        mapper(
            SALES
                .replace("purchases = [", "transactions = [")
                .replace(
                    "%s",
                    "kind { column = type, purchases = [SALE], refunds = [2], ignored = [fee] }"));
    assertThat(
            only(mapper.map(new Inserted("shop.sales", sale("type", "SALE"), places.next())))
                .signedAmountMinor())
        .isEqualTo(1250);
    assertThat(
            only(mapper.map(new Inserted("shop.sales", sale("type", 2L), places.next())))
                .signedAmountMinor())
        .isEqualTo(-1250);
    assertThat(
            mapper.map(
                new Inserted("shop.sales", sale("type", "fee", "amount", null), places.next())))
        .isEmpty();
    assertThat(
            letter(mapper.map(new Inserted("shop.sales", sale("type", "?"), places.next())))
                .reason())
        .isEqualTo(DeadLetterReason.BAD_KIND);
  }

  @Test
  void columnsAreAddedAndSubtracted() {
    ChangeMapper mapper =
        mapper(
            SALES.replace("amount = amount", "amount = [amount, tax, -coupon]").replace("%s", ""));
    Row row = sale("tax", new BigDecimal("0.75"), "coupon", 3L);
    assertThat(only(mapper.map(new Inserted("shop.sales", row, places.next()))).amountMinor())
        .isEqualTo(1025);
  }

  @Test
  void aRowIsLeftOutWhereAColumnIsNullThatSaysSo() {
    assertThat(
            sales("skip-where-null = [user]")
                .map(new Inserted("shop.sales", sale("user", null), places.next())))
        .isEmpty();
  }

  @Test
  void aColumnThatIsGoneIsForSomebodyToLookAt() {
    Row row = sale();
    Map<String, Object> columns = new LinkedHashMap<>(row.columns());
    columns.put("price", columns.remove("amount"));
    assertThatThrownBy(
            () -> sales("").map(new Inserted("shop.sales", new Row(columns), places.next())))
        .isInstanceOf(ColumnGoneException.class)
        .hasMessageContaining("table shop.sales has no column amount any more");
    assertThat(
            only(mapper(
                        SALES
                            .replace("amount = amount", "amount = cost")
                            .replace("%s", "renamed { cost = price }"))
                    .map(new Inserted("shop.sales", new Row(columns), places.next())))
                .amountMinor())
        .isEqualTo(1250);
  }
}
