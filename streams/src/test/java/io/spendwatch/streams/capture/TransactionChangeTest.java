package io.spendwatch.streams.capture;

import static io.spendwatch.streams.capture.CapturedSales.SALES;
import static io.spendwatch.streams.capture.CapturedSales.letter;
import static io.spendwatch.streams.capture.CapturedSales.mapper;
import static io.spendwatch.streams.capture.CapturedSales.only;
import static io.spendwatch.streams.capture.CapturedSales.sale;
import static io.spendwatch.streams.capture.CapturedSales.sales;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
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
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is sent for a row that has come, changed or gone. */
class TransactionChangeTest {
  private final LogPlaces places = new LogPlaces();

  @Test
  void aRowOfASnapshotIsTheSameAsWhenItWasNew() {
    assertThat(sales("").map(new Snapshotted("shop.sales", sale(), places.next())))
        .isEqualTo(sales("").map(new Inserted("shop.sales", sale(), places.next())));
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
                    places.next())));
    Transaction more =
        only(
            mapper.map(
                new Updated(
                    "shop.sales",
                    Optional.of(before),
                    sale("amount", new BigDecimal("12.51")),
                    places.next())));

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
                        places.next())));
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
                        places.next())))
        .isEmpty();
    assertThat(
            sales("")
                .map(new Inserted("shop.sales", sale("amount", BigDecimal.ZERO), places.next())))
        .isEmpty();
  }

  @Test
  void arowOfAnotherUserIsTakenBackFromTheFirst() {
    List<Captured> captured =
        sales("")
            .map(new Updated("shop.sales", Optional.of(sale()), sale("user", "u2"), places.next()));

    assertThat(captured)
        .extracting(each -> ((OfTransaction) each).transaction())
        .extracting(Transaction::userId, Transaction::signedAmountMinor)
        .containsExactly(tuple("u1", -1250L), tuple("u2", 1250L));
  }

  @Test
  void aDeletedRowIsTakenBack() {
    Transaction back = only(sales("").map(new Deleted("shop.sales", sale(), places.next())));
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
                        places.next())));
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
    assertThat(
            mapper.map(
                new Updated("shop.sales", Optional.empty(), sale("user", "u2"), places.next())))
        .isEmpty();
    assertThat(mapper.map(new Deleted("shop.sales", sale(), places.next()))).isEmpty();
    assertThat(mapper.map(new Truncated("shop.sales", places.next()))).isEmpty();
  }

  @Test
  void aChangeWithoutTheFormerRowIsPutAside() {
    assertThat(
            letter(
                    sales("")
                        .map(new Updated("shop.sales", Optional.empty(), sale(), places.next())))
                .reason())
        .isEqualTo(DeadLetterReason.CHANGED_ROW);
    assertThat(
            letter(sales("").map(new Deleted("shop.sales", sale("amount", null), places.next())))
                .reason())
        .isEqualTo(DeadLetterReason.CHANGED_ROW);
    assertThat(letter(sales("").map(new Truncated("shop.sales", places.next()))).reason())
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
                        places.next())));
    assertThat(letter.reason()).isEqualTo(DeadLetterReason.BAD_AMOUNT);
  }
}
