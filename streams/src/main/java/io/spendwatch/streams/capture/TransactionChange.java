package io.spendwatch.streams.capture;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.capture.Captured.Kind;
import io.spendwatch.streams.capture.Captured.OfTransaction;
import io.spendwatch.streams.capture.Captured.PutAside;
import io.spendwatch.streams.capture.TransactionsTable.Entry;
import io.spendwatch.streams.capture.change.Change;
import io.spendwatch.streams.capture.change.Change.Deleted;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Change.Snapshotted;
import io.spendwatch.streams.capture.change.Change.Truncated;
import io.spendwatch.streams.capture.change.Change.Updated;
import io.spendwatch.streams.capture.change.Row;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One change of a table of transactions: what makes the sum of all that was sent for a row what the
 * row stands for now. For one thread.
 */
final class TransactionChange {
  private final TransactionsTable table;
  private final Change change;
  private final List<Captured> captured;
  private final RowLetters letters;

  TransactionChange(TransactionsTable table, Change change, List<Captured> captured) {
    this.table = table;
    this.change = change;
    this.captured = captured;
    this.letters =
        new RowLetters(Kind.TRANSACTIONS, change, table.userId(), table::columns, table::row);
  }

  /** Adds what is to be sent for it to the list, in this order. */
  void map() {
    switch (change) {
      case Snapshotted(_, Row row, _) -> appeared(row);
      case Inserted(_, Row row, _) -> appeared(row);
      case Updated(_, Optional<Row> before, Row after, _) -> updated(before, after);
      case Deleted(_, Row before, _) -> deleted(before);
      case Truncated _ -> truncated();
    }
  }

  private void appeared(Row row) {
    switch (Reading.of(table.row(row), table::read)) {
      case Reading.Counts<Entry>(Entry entry) when entry.signedMinor() != 0 ->
          send(transaction(entry.id(), entry.signedMinor(), entry.originalId(), entry), row);
      case Reading.Counts<Entry> _, Reading.CountsNothing<Entry> _ -> {}
      case Reading.Unmappable<Entry> unmappable -> putAside(unmappable, row);
    }
  }

  private void updated(Optional<Row> before, Row after) {
    if (table.onUpdate() == OnChange.IGNORE) {
      return;
    }
    if (before.isEmpty()) {
      captured.add(
          letters.of(
              DeadLetterReason.CHANGED_ROW,
              "it was changed, and the log does not say what it was before",
              after));
      return;
    }
    Reading<Entry> was = Reading.of(table.row(before.get()), table::read);
    Reading<Entry> is = Reading.of(table.row(after), table::read);
    if (was instanceof Reading.Counts<Entry>(Entry former)
        && is instanceof Reading.Counts<Entry>(Entry present)
        && former.differsInAmountOnly(present)) {
      if (!fits(former, present)) {
        captured.add(
            letters.of(
                DeadLetterReason.BAD_AMOUNT,
                "its amount was changed by more than fits 64-bit minor units",
                after));
        return;
      }
      long difference = present.signedMinor() - former.signedMinor();
      if (difference != 0) {
        correct(
            table.onUpdate(),
            transaction(id(present, ""), difference, former.id(), present),
            "its amount was changed",
            after);
      }
      return;
    }
    takeBack(table.onUpdate(), was, "it was changed", after);
    switch (is) {
      case Reading.Counts<Entry>(Entry present) when present.signedMinor() != 0 ->
          correct(
              table.onUpdate(),
              transaction(id(present, "+"), present.signedMinor(), present.originalId(), present),
              "it was changed",
              after);
      case Reading.Counts<Entry> _, Reading.CountsNothing<Entry> _ -> {}
      case Reading.Unmappable<Entry> unmappable -> putAside(unmappable, after);
    }
  }

  private static boolean fits(Entry former, Entry present) {
    BigInteger difference =
        BigInteger.valueOf(present.signedMinor())
            .subtract(BigInteger.valueOf(former.signedMinor()));
    // Its absolute value too.
    return difference.abs().bitLength() < Long.SIZE;
  }

  private void deleted(Row before) {
    if (table.onDelete() == OnChange.IGNORE) {
      return;
    }
    Reading<Entry> was = Reading.of(table.row(before), table::read);
    takeBack(table.onDelete(), was, "it was deleted", before);
    if (was instanceof Reading.Unmappable<Entry>(_, String message)) {
      captured.add(
          letters.of(DeadLetterReason.CHANGED_ROW, "it was deleted, and " + message, before));
    }
  }

  private void truncated() {
    if (table.onDelete() != OnChange.IGNORE) {
      captured.add(
          letters.of(
              DeadLetterReason.CHANGED_ROW,
              "the table was truncated: what its rows stood for still counts",
              null));
    }
  }

  private void takeBack(OnChange how, Reading<Entry> was, String why, Row row) {
    if (was instanceof Reading.Counts<Entry>(Entry former) && former.signedMinor() != 0) {
      long back = Math.negateExact(former.signedMinor());
      correct(how, transaction(id(former, "-"), back, former.id(), former), why, row);
    }
  }

  private void correct(OnChange how, Transaction correction, String why, Row row) {
    switch (how) {
      case CORRECT -> send(correction, row);
      case DEAD_LETTER ->
          captured.add(
              new PutAside(
                  Kind.TRANSACTIONS,
                  Optional.of(correction.userId()),
                  new String(TransactionCodec.encode(correction), UTF_8),
                  DeadLetterReason.CHANGED_ROW,
                  "a row of "
                      + table.table()
                      + ": "
                      + why
                      + "; this transaction would make up for it, and is sent when the letter is"
                      + " put back",
                  table.table(),
                  change.at()));
      case IGNORE -> {}
    }
  }

  /** As the contract takes it, or aside. */
  private void send(Transaction transaction, Row row) {
    byte[] key = transaction.userId().getBytes(UTF_8);
    try {
      switch (TransactionCodec.decode(key, TransactionCodec.encode(transaction), Long.MAX_VALUE)) {
        case Decoded.Valid<Transaction> _ -> captured.add(new OfTransaction(transaction));
        case Decoded.Rejected<Transaction>(var reason, String message) ->
            captured.add(letters.of(reason, message, row));
      }
    } catch (IllegalArgumentException | DateTimeException e) {
      captured.add(letters.of(DeadLetterReason.BAD_TEXT, String.valueOf(e.getMessage()), row));
    }
  }

  private static Transaction transaction(
      String id, long signedMinor, @Nullable String originalId, Entry entry) {
    return new Transaction(
        id,
        entry.userId(),
        Math.absExact(signedMinor),
        entry.currency(),
        entry.eventTimeMs(),
        signedMinor > 0 ? TransactionKind.PURCHASE : TransactionKind.REFUND,
        entry.merchant(),
        originalId);
  }

  /** Of a correction of a row. */
  private String id(Entry entry, String part) {
    return CorrectionIds.of(entry.id(), table.table(), change.at(), part);
  }

  private void putAside(Reading.Unmappable<Entry> unmappable, Row row) {
    captured.add(letters.of(unmappable.reason(), unmappable.message(), row));
  }
}
