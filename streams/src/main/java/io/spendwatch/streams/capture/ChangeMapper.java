package io.spendwatch.streams.capture;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.capture.BalancesTable.Account;
import io.spendwatch.streams.capture.Captured.Kind;
import io.spendwatch.streams.capture.Captured.OfBalance;
import io.spendwatch.streams.capture.Captured.OfTransaction;
import io.spendwatch.streams.capture.Captured.PutAside;
import io.spendwatch.streams.capture.MappedRow.UnmappableException;
import io.spendwatch.streams.capture.TransactionsTable.Entry;
import io.spendwatch.streams.capture.change.Change;
import io.spendwatch.streams.capture.change.Change.Deleted;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Change.Snapshotted;
import io.spendwatch.streams.capture.change.Change.Truncated;
import io.spendwatch.streams.capture.change.Change.Updated;
import io.spendwatch.streams.capture.change.Row;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What comes of each change in the log, in its order. The sum of all that was sent for a row is
 * what the row stands for now, whatever has happened to it:
 *
 * <pre>
 *   inserted            a transaction with the id that the mapping gives the row
 *   amount changed      one of the difference, at the row's event time; id from the row's and the log position
 *   anything else       one that takes back what the row stood for, one of what it stands for now
 *   deleted             one that takes back what the row stood for
 * </pre>
 *
 * <p>The same log gives the same records, ids included. What the mapping has no answer for is put
 * aside, and counts nothing. For one thread.
 */
public final class ChangeMapper {
  private static final JsonFactory JSON = new JsonFactory();

  /** Of a value that a dead letter shows. */
  private static final int SHOWN_CHARACTERS_MAX = 256;

  private final CaptureMapping mapping;
  private final BalanceClock clock;

  public ChangeMapper(CaptureMapping mapping, BalanceClock clock) {
    this.mapping = mapping;
    this.clock = clock;
  }

  /**
   * What is to be sent for the next change, in this order; nothing where it is about nothing that
   * counts.
   *
   * @throws ColumnGoneException if the table has been altered so that the mapping does not fit
   */
  public List<Captured> map(Change change) {
    List<Captured> captured = new ArrayList<>(2);
    mapping
        .balances(change.table())
        .ifPresent(table -> new OfAccounts(table, change, captured).map());
    mapping
        .transactions(change.table())
        .ifPresent(table -> new OfTransactions(table, change, captured).map());
    return captured;
  }

  /** What a row is by its mapping. */
  private sealed interface Reading<T> {
    record Counts<T>(T what) implements Reading<T> {}

    record CountsNothing<T>() implements Reading<T> {}

    record Unmappable<T>(DeadLetterReason reason, String message) implements Reading<T> {}
  }

  @FunctionalInterface
  private interface RowReader<T> {
    Optional<T> read(MappedRow row) throws UnmappableException;
  }

  private static <T> Reading<T> read(MappedRow row, RowReader<T> reader) {
    try {
      return reader
          .read(row)
          .<Reading<T>>map(Reading.Counts::new)
          .orElseGet(Reading.CountsNothing::new);
    } catch (UnmappableException e) {
      return new Reading.Unmappable<>(e.reason(), e.getMessage());
    }
  }

  /** One change of a table of transactions. */
  private static final class OfTransactions {
    private final TransactionsTable table;
    private final Change change;
    private final List<Captured> captured;

    OfTransactions(TransactionsTable table, Change change, List<Captured> captured) {
      this.table = table;
      this.change = change;
      this.captured = captured;
    }

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
      switch (read(table.row(row), table::read)) {
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
            aside(
                DeadLetterReason.CHANGED_ROW,
                "it was changed, and the log does not say what it was before",
                after));
        return;
      }
      Reading<Entry> was = read(table.row(before.get()), table::read);
      Reading<Entry> is = read(table.row(after), table::read);
      if (was instanceof Reading.Counts<Entry>(Entry former)
          && is instanceof Reading.Counts<Entry>(Entry present)
          && former.differsInAmountOnly(present)) {
        if (!fits(former, present)) {
          captured.add(
              aside(
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
      Reading<Entry> was = read(table.row(before), table::read);
      takeBack(table.onDelete(), was, "it was deleted", before);
      if (was instanceof Reading.Unmappable<Entry>(_, String message)) {
        captured.add(aside(DeadLetterReason.CHANGED_ROW, "it was deleted, and " + message, before));
      }
    }

    private void truncated() {
      if (table.onDelete() != OnChange.IGNORE) {
        captured.add(
            aside(
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
        switch (TransactionCodec.decode(
            key, TransactionCodec.encode(transaction), Long.MAX_VALUE)) {
          case Decoded.Valid<Transaction> _ -> captured.add(new OfTransaction(transaction));
          case Decoded.Rejected<Transaction>(var reason, String message) ->
              captured.add(aside(reason, message, row));
        }
      } catch (IllegalArgumentException | DateTimeException e) {
        captured.add(aside(DeadLetterReason.BAD_TEXT, String.valueOf(e.getMessage()), row));
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
      captured.add(aside(unmappable.reason(), unmappable.message(), row));
    }

    private PutAside aside(DeadLetterReason reason, String message, @Nullable Row row) {
      return ChangeMapper.aside(
          Kind.TRANSACTIONS,
          change,
          table.userId(),
          mappedColumns(),
          reason,
          message,
          row,
          row == null ? null : table.row(row));
    }

    private Set<String> mappedColumns() {
      return CaptureMapping.columns(table);
    }
  }

  /** One change of a table of accounts. */
  private final class OfAccounts {
    private final BalancesTable table;
    private final Change change;
    private final List<Captured> captured;

    OfAccounts(BalancesTable table, Change change, List<Captured> captured) {
      this.table = table;
      this.change = change;
      this.captured = captured;
    }

    void map() {
      switch (change) {
        case Snapshotted(_, Row row, _) -> present(Optional.empty(), row);
        case Inserted(_, Row row, _) -> present(Optional.empty(), row);
        case Updated(_, Optional<Row> before, Row after, _) -> present(before, after);
        case Deleted(_, Row before, _) -> gone("the account was deleted", before);
        case Truncated _ -> gone("the table was truncated", null);
      }
    }

    private void present(Optional<Row> before, Row row) {
      Reading<Account> is = read(table.row(row), table::read);
      boolean same = before.isPresent() && is.equals(read(table.row(before.get()), table::read));
      if (same) {
        return;
      }
      switch (is) {
        case Reading.Counts<Account>(Account account) -> send(account, row);
        case Reading.CountsNothing<Account> _ -> {}
        case Reading.Unmappable<Account>(var reason, String message) ->
            captured.add(aside(reason, message, row));
      }
    }

    private void gone(String what, @Nullable Row row) {
      if (table.onDelete() != OnChange.IGNORE) {
        captured.add(
            aside(DeadLetterReason.CHANGED_ROW, what + ": its last balance stays in force", row));
      }
    }

    private void send(Account account, Row row) {
      long asOfMs = clock.asOfMs(account.userId(), change.at().commitMs());
      Balance balance =
          new Balance(
              account.userId(),
              account.username(),
              account.balanceMinor(),
              account.currency(),
              asOfMs);
      byte[] key = account.userId().getBytes(UTF_8);
      try {
        switch (BalanceCodec.decode(key, BalanceCodec.encode(balance), Long.MAX_VALUE)) {
          case Decoded.Valid<Balance> _ -> captured.add(new OfBalance(balance));
          case Decoded.Rejected<Balance>(var reason, String message) ->
              captured.add(aside(reason, message, row));
        }
      } catch (IllegalArgumentException | DateTimeException e) {
        captured.add(aside(DeadLetterReason.BAD_TEXT, String.valueOf(e.getMessage()), row));
      }
    }

    private PutAside aside(DeadLetterReason reason, String message, @Nullable Row row) {
      return ChangeMapper.aside(
          Kind.BALANCES,
          change,
          table.userId(),
          CaptureMapping.columns(table),
          reason,
          message,
          row,
          row == null ? null : table.row(row));
    }
  }

  /** A letter that shows the row: no column that is not mapped leaves the database. */
  private static PutAside aside(
      Kind kind,
      Change change,
      TextTemplate userId,
      Collection<String> columns,
      DeadLetterReason reason,
      String message,
      @Nullable Row row,
      @Nullable MappedRow mapped) {
    Optional<String> key = Optional.empty();
    if (mapped != null) {
      try {
        key = userId.ifThere(mapped);
      } catch (UnmappableException | ColumnGoneException e) {
        key = Optional.empty();
      }
    }
    return new PutAside(
        kind,
        key,
        json(change, columns, row),
        reason,
        "a row of " + change.table() + ": " + message,
        change.table(),
        change.at());
  }

  private static String json(Change change, Collection<String> columns, @Nullable Row row) {
    var bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("table", change.table());
      json.writeStringField("change", word(change));
      json.writeStringField("position", change.at().text());
      if (row != null) {
        json.writeObjectFieldStart("row");
        for (String column : columns) {
          if (row.columns().containsKey(column)) {
            write(json, column, row.columns().get(column));
          }
        }
        json.writeEndObject();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toString(UTF_8);
  }

  private static String word(Change change) {
    return switch (change) {
      case Snapshotted _ -> "snapshot";
      case Inserted _ -> "insert";
      case Updated _ -> "update";
      case Deleted _ -> "delete";
      case Truncated _ -> "truncate";
    };
  }

  private static void write(JsonGenerator json, String column, @Nullable Object value)
      throws IOException {
    switch (value) {
      case null -> json.writeNullField(column);
      case Long number -> json.writeNumberField(column, number);
      case Boolean truth -> json.writeBooleanField(column, truth);
      case BigDecimal decimal -> json.writeStringField(column, shortened(decimal.toPlainString()));
      default -> json.writeStringField(column, shortened(value.toString()));
    }
  }

  /** Also makes of an unpaired surrogate what JSON can hold. */
  private static String shortened(String text) {
    String whole = new String(text.getBytes(UTF_8), UTF_8);
    return whole.codePointCount(0, whole.length()) <= SHOWN_CHARACTERS_MAX
        ? whole
        : whole.substring(0, whole.offsetByCodePoints(0, SHOWN_CHARACTERS_MAX)) + "…";
  }
}
