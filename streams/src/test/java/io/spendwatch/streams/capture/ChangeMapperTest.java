package io.spendwatch.streams.capture;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.capture.Captured.OfBalance;
import io.spendwatch.streams.capture.Captured.OfTransaction;
import io.spendwatch.streams.capture.Captured.PutAside;
import io.spendwatch.streams.capture.change.Change;
import io.spendwatch.streams.capture.change.Change.Deleted;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Change.Snapshotted;
import io.spendwatch.streams.capture.change.Change.Truncated;
import io.spendwatch.streams.capture.change.Change.Updated;
import io.spendwatch.streams.capture.change.LogPosition;
import io.spendwatch.streams.capture.change.Row;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ChangeMapperTest {
  private static final String SALES =
      """
      purchases = [
        {
          table = shop.sales, id = "s-{id}", user-id = "{user}", amount = amount, currency = "{currency}"
          event-time { column = at, zone = "Europe/Berlin" }
          merchant = "m{store}", original-transaction-id = "{of}"
          %s
        }
      ]
      """;
  private static final String ACCOUNTS =
      """
      balances = [
        { table = shop.users, user-id = "{id}", username = "{name}", balance = [balance, -held], currency = EUR }
      ]
      """;

  private long place;

  private static ChangeMapper mapper(String mapping) {
    return new ChangeMapper(
        CaptureMapping.from(ConfigFactory.parseString(mapping)),
        new BalanceClock(BalanceClock.State.INITIAL));
  }

  private static ChangeMapper sales(String more) {
    return mapper(SALES.replace("%s", more));
  }

  private LogPosition next() {
    place++;
    return new LogPosition("lsn=" + place, place, 1000 * place);
  }

  /** A sale in euros, with what is to be other than usual: name, value, … */
  private static Row sale(Object... other) {
    Map<String, Object> columns = new LinkedHashMap<>();
    columns.put("id", 7L);
    columns.put("user", "u1");
    columns.put("amount", new BigDecimal("12.50"));
    columns.put("currency", "EUR");
    columns.put("at", LocalDateTime.parse("2026-07-01T12:00:00"));
    columns.put("store", 3L);
    columns.put("of", null);
    columns.put("secret", "nobody's business");
    for (int i = 0; i < other.length; i += 2) {
      columns.put((String) other[i], other[i + 1]);
    }
    return new Row(columns);
  }

  private static Transaction only(List<Captured> captured) {
    assertThat(captured).hasSize(1).allMatch(OfTransaction.class::isInstance);
    return ((OfTransaction) captured.getFirst()).transaction();
  }

  private static PutAside letter(List<Captured> captured) {
    assertThat(captured).hasSize(1).allMatch(PutAside.class::isInstance);
    return (PutAside) captured.getFirst();
  }

  @Test
  void aNewRowIsATransactionWithTheRowsId() {
    assertThat(only(sales("").map(new Inserted("shop.sales", sale(), next()))))
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

  @Test
  void aRowOfASnapshotIsTheSameAsWhenItWasNew() {
    assertThat(sales("").map(new Snapshotted("shop.sales", sale(), next())))
        .isEqualTo(sales("").map(new Inserted("shop.sales", sale(), next())));
  }

  @Test
  void aTableThatIsNotMappedIsNothing() {
    assertThat(sales("").map(new Inserted("shop.other", sale(), next()))).isEmpty();
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
    assertThat(only(sales("").map(new Inserted("shop.sales", row, next()))).amountMinor())
        .isEqualTo(minor);
  }

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
        letter(sales("").map(new Inserted("shop.sales", sale(column, value), next())));

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
            letter(sales("").map(new Inserted("shop.sales", sale("amount", null), next())))
                .userId())
        .contains("u1");
    assertThat(
            letter(sales("").map(new Inserted("shop.sales", sale("user", null), next()))).userId())
        .isEmpty();
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
            only(sales("").map(new Inserted("shop.sales", sale("at", value), next())))
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
            only(mapper.map(new Inserted("shop.sales", sale("at", value), next()))).eventTimeMs())
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
                    new Inserted("shop.sales", sale("day", 2_452_642L, "time", 43_201L), next())))
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
                        next())))
                .eventTimeMs())
        .isEqualTo(expected);
  }

  @Test
  void anAmountThatChangesIsCorrectedByTheDifference() {
    ChangeMapper mapper = sales("");
    Row before = sale();
    Transaction less =
        only(
            mapper.map(
                new Updated(
                    "shop.sales",
                    Optional.of(before),
                    sale("amount", new BigDecimal("10")),
                    next())));
    Transaction more =
        only(
            mapper.map(
                new Updated(
                    "shop.sales",
                    Optional.of(before),
                    sale("amount", new BigDecimal("12.51")),
                    next())));

    assertThat(less.kind()).isEqualTo(TransactionKind.REFUND);
    assertThat(less.amountMinor()).isEqualTo(250);
    assertThat(less.originalTransactionId()).isEqualTo("s-7");
    assertThat(less.transactionId()).startsWith("s-7~").isNotEqualTo(more.transactionId());
    assertThat(more.kind()).isEqualTo(TransactionKind.PURCHASE);
    assertThat(more.amountMinor()).isEqualTo(1);
    assertThat(more.eventTimeMs()).as("the row's").isEqualTo(less.eventTimeMs());
  }

  @Test
  void theSameChangeHasTheSameIdsHoweverOftenItIsRead() {
    Change change =
        new Updated(
            "shop.sales", Optional.of(sale()), sale("user", "u2"), new LogPosition("x", 1, 2));
    assertThat(sales("").map(change)).isEqualTo(sales("").map(change)).hasSize(2);
  }

  @Test
  void anIdThatHasNoRoomForMoreIsReplacedByADigest() {
    String id = "x".repeat(62);
    Transaction correction =
        only(
            sales("")
                .map(
                    new Updated(
                        "shop.sales",
                        Optional.of(sale("id", id)),
                        sale("id", id, "amount", new BigDecimal("1")),
                        next())));
    assertThat(correction.transactionId()).startsWith("~").hasSize(44);
    assertThat(correction.originalTransactionId()).isEqualTo("s-" + id);
  }

  @Test
  void aChangeThatCountsNothingIsNothing() {
    assertThat(
            sales("")
                .map(
                    new Updated(
                        "shop.sales",
                        Optional.of(sale()),
                        sale("store", 4L, "secret", "x", "amount", new BigDecimal("12.500")),
                        next())))
        .isEmpty();
    assertThat(sales("").map(new Inserted("shop.sales", sale("amount", BigDecimal.ZERO), next())))
        .isEmpty();
  }

  @Test
  void arowOfAnotherUserIsTakenBackFromTheFirst() {
    List<Captured> captured =
        sales("").map(new Updated("shop.sales", Optional.of(sale()), sale("user", "u2"), next()));

    assertThat(captured)
        .extracting(each -> ((OfTransaction) each).transaction())
        .extracting(Transaction::userId, Transaction::signedAmountMinor)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("u1", -1250L),
            org.assertj.core.groups.Tuple.tuple("u2", 1250L));
  }

  @Test
  void aDeletedRowIsTakenBack() {
    Transaction back = only(sales("").map(new Deleted("shop.sales", sale(), next())));
    assertThat(back.signedAmountMinor()).isEqualTo(-1250);
    assertThat(back.originalTransactionId()).isEqualTo("s-7");
  }

  @Test
  void whereChangesArePutAsideALetterIsTheTransactionThatWouldMakeUpForThem() {
    PutAside letter =
        letter(
            sales("on-update = dead-letter")
                .map(
                    new Updated(
                        "shop.sales",
                        Optional.of(sale()),
                        sale("amount", new BigDecimal("10")),
                        next())));
    assertThat(letter.reason()).isEqualTo(DeadLetterReason.CHANGED_ROW);
    assertThat(
            TransactionCodec.decode(
                "u1".getBytes(UTF_8), letter.value().getBytes(UTF_8), Long.MAX_VALUE))
        .isInstanceOfSatisfying(
            Decoded.Valid.class,
            valid -> assertThat(((Transaction) valid.value()).signedAmountMinor()).isEqualTo(-250));
  }

  @Test
  void whereChangesAreIgnoredNothingComesOfThem() {
    ChangeMapper mapper = sales("on-update = ignore, on-delete = ignore");
    assertThat(mapper.map(new Updated("shop.sales", Optional.empty(), sale("user", "u2"), next())))
        .isEmpty();
    assertThat(mapper.map(new Deleted("shop.sales", sale(), next()))).isEmpty();
    assertThat(mapper.map(new Truncated("shop.sales", next()))).isEmpty();
  }

  @Test
  void aChangeWithoutTheFormerRowIsPutAside() {
    assertThat(
            letter(sales("").map(new Updated("shop.sales", Optional.empty(), sale(), next())))
                .reason())
        .isEqualTo(DeadLetterReason.CHANGED_ROW);
    assertThat(
            letter(sales("").map(new Deleted("shop.sales", sale("amount", null), next()))).reason())
        .isEqualTo(DeadLetterReason.CHANGED_ROW);
    assertThat(letter(sales("").map(new Truncated("shop.sales", next()))).reason())
        .isEqualTo(DeadLetterReason.CHANGED_ROW);
  }

  @Test
  void aDifferenceThatDoesNotFitIsPutAside() {
    String mapping =
        SALES
            .replace("purchases", "transactions")
            .replace("%s", "amount-unit = minor, kind { positive = PURCHASE }");
    PutAside letter =
        letter(
            mapper(mapping)
                .map(
                    new Updated(
                        "shop.sales",
                        Optional.of(sale("amount", -5L)),
                        sale("amount", Long.MAX_VALUE),
                        next())));
    assertThat(letter.reason()).isEqualTo(DeadLetterReason.BAD_AMOUNT);
  }

  @Test
  void theSignMayTellWhatARowIs() {
    ChangeMapper mapper =
        mapper(
            SALES.replace("purchases", "transactions").replace("%s", "kind { positive = REFUND }"));
    assertThat(
            only(mapper.map(
                    new Inserted("shop.sales", sale("amount", new BigDecimal("-3.00")), next())))
                .signedAmountMinor())
        .isEqualTo(300);
    assertThat(only(mapper.map(new Inserted("shop.sales", sale(), next()))).signedAmountMinor())
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
            only(mapper.map(new Inserted("shop.sales", sale("type", "SALE"), next())))
                .signedAmountMinor())
        .isEqualTo(1250);
    assertThat(
            only(mapper.map(new Inserted("shop.sales", sale("type", 2L), next())))
                .signedAmountMinor())
        .isEqualTo(-1250);
    assertThat(mapper.map(new Inserted("shop.sales", sale("type", "fee", "amount", null), next())))
        .isEmpty();
    assertThat(letter(mapper.map(new Inserted("shop.sales", sale("type", "?"), next()))).reason())
        .isEqualTo(DeadLetterReason.BAD_KIND);
  }

  @Test
  void columnsAreAddedAndSubtracted() {
    ChangeMapper mapper =
        mapper(
            SALES.replace("amount = amount", "amount = [amount, tax, -coupon]").replace("%s", ""));
    Row row = sale("tax", new BigDecimal("0.75"), "coupon", 3L);
    assertThat(only(mapper.map(new Inserted("shop.sales", row, next()))).amountMinor())
        .isEqualTo(1025);
  }

  @Test
  void aRowIsLeftOutWhereAColumnIsNullThatSaysSo() {
    assertThat(
            sales("skip-where-null = [user]")
                .map(new Inserted("shop.sales", sale("user", null), next())))
        .isEmpty();
  }

  @Test
  void aColumnThatIsGoneIsForSomebodyToLookAt() {
    Row row = sale();
    Map<String, Object> columns = new LinkedHashMap<>(row.columns());
    columns.put("price", columns.remove("amount"));
    assertThatThrownBy(() -> sales("").map(new Inserted("shop.sales", new Row(columns), next())))
        .isInstanceOf(ColumnGoneException.class)
        .hasMessageContaining("table shop.sales has no column amount any more");
    assertThat(
            only(mapper(
                        SALES
                            .replace("amount = amount", "amount = cost")
                            .replace("%s", "renamed { cost = price }"))
                    .map(new Inserted("shop.sales", new Row(columns), next())))
                .amountMinor())
        .isEqualTo(1250);
  }

  private static Row account(Object... other) {
    Map<String, Object> columns = new LinkedHashMap<>();
    columns.put("id", new BigDecimal("18446744073709551615"));
    columns.put("name", "Zoë 🦊");
    columns.put("balance", new BigDecimal("10.00"));
    columns.put("held", new BigDecimal("0.50"));
    for (int i = 0; i < other.length; i += 2) {
      columns.put((String) other[i], other[i + 1]);
    }
    return new Row(columns);
  }

  @Test
  void anAccountIsABalanceAsOfItsCommit() {
    assertThat(mapper(ACCOUNTS).map(new Inserted("shop.users", account(), next())))
        .containsExactly(
            new OfBalance(new Balance("18446744073709551615", "Zoë 🦊", 950, "EUR", 1000)));
  }

  @Test
  void aBalanceThatDoesNotChangeIsNotSentAgainAndOneThatComesBackIs() {
    ChangeMapper mapper = mapper(ACCOUNTS);
    LogPosition commit = next();
    List<Captured> all = new ArrayList<>();
    all.addAll(mapper.map(new Inserted("shop.users", account(), commit)));
    all.addAll(
        mapper.map(
            new Updated("shop.users", Optional.of(account()), account("other", 1L), commit)));
    all.addAll(
        mapper.map(
            new Updated(
                "shop.users", Optional.of(account()), account("held", BigDecimal.ONE), commit)));
    all.addAll(mapper.map(new Updated("shop.users", Optional.empty(), account(), commit)));

    assertThat(all)
        .extracting(each -> ((OfBalance) each).balance())
        .extracting(Balance::balanceMinor, Balance::asOfMs)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(950L, 1000L),
            org.assertj.core.groups.Tuple.tuple(900L, 1001L),
            org.assertj.core.groups.Tuple.tuple(950L, 1002L));
  }

  @Test
  void anAccountThatIsGoneIsALetter() {
    PutAside letter = letter(mapper(ACCOUNTS).map(new Deleted("shop.users", account(), next())));
    assertThat(letter.kind()).isEqualTo(Captured.Kind.BALANCES);
    assertThat(letter.reason()).isEqualTo(DeadLetterReason.CHANGED_ROW);
  }

  /** Whatever happens to rows: what was sent for each is what it stands for now. */
  @Test
  void theSumOfAllThatWasSentIsWhatTheRowsStandFor() {
    for (long seed = 1; seed <= 200; seed++) {
      var random = new Random(seed);
      ChangeMapper mapper = sales("");
      Map<Long, Row> rows = new HashMap<>();
      Map<String, Transaction> sent = new HashMap<>();
      for (int i = 0; i < 60; i++) {
        long id = random.nextInt(5);
        Row before = rows.get(id);
        Row after = random.nextInt(4) == 0 ? null : any(random, id);
        Change change;
        if (before == null && after == null) {
          continue;
        } else if (before == null) {
          // An id is given once: a row that comes again is another one.
          after = any(random, id + 1000L * i);
          change = new Inserted("shop.sales", after, next());
        } else if (after == null) {
          change = new Deleted("shop.sales", before, next());
        } else {
          Map<String, Object> columns = new LinkedHashMap<>(after.columns());
          columns.put("id", before.columns().get("id"));
          after = new Row(columns);
          change = new Updated("shop.sales", Optional.of(before), after, next());
        }
        if (after == null) {
          rows.remove(id);
        } else {
          rows.put(id, after);
        }
        for (Captured captured : mapper.map(change)) {
          if (captured instanceof OfTransaction(Transaction transaction)) {
            Transaction same =
                sent.put(transaction.userId() + "/" + transaction.transactionId(), transaction);
            assertThat(same).as("seed %d: ids are unique", seed).isNull();
          }
        }
      }
      Map<String, Long> sums = new HashMap<>();
      sent.values().forEach(each -> sums.merge(each.userId(), each.signedAmountMinor(), Long::sum));
      Map<String, Long> expected = new HashMap<>();
      for (Row row : rows.values()) {
        if (row.columns().get("amount") instanceof BigDecimal amount) {
          expected.merge(
              (String) row.columns().get("user"),
              amount.movePointRight(2).longValueExact(),
              Long::sum);
        }
      }
      sums.values().removeIf(sum -> sum == 0);
      expected.values().removeIf(sum -> sum == 0);
      assertThat(sums).as("seed %d", seed).isEqualTo(expected);
    }
  }

  private static Row any(Random random, long id) {
    return sale(
        "id",
        id,
        "user",
        "u" + random.nextInt(2),
        "amount",
        random.nextInt(5) == 0 ? null : BigDecimal.valueOf(random.nextInt(3) * 50L, 2),
        "at",
        LocalDateTime.parse("2026-07-01T12:00:00").plusSeconds(random.nextInt(2)));
  }
}
