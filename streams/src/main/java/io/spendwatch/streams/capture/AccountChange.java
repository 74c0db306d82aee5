package io.spendwatch.streams.capture;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.streams.capture.BalancesTable.Account;
import io.spendwatch.streams.capture.Captured.Kind;
import io.spendwatch.streams.capture.Captured.OfBalance;
import io.spendwatch.streams.capture.change.Change;
import io.spendwatch.streams.capture.change.Change.Deleted;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Change.Snapshotted;
import io.spendwatch.streams.capture.change.Change.Truncated;
import io.spendwatch.streams.capture.change.Change.Updated;
import io.spendwatch.streams.capture.change.Row;
import java.time.DateTimeException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One change of a table of accounts: the balance that holds from now on, unless it is the one that
 * did. For one thread.
 */
final class AccountChange {
  private final BalancesTable table;
  private final Change change;
  private final BalanceClock clock;
  private final List<Captured> captured;
  private final RowLetters letters;

  AccountChange(BalancesTable table, Change change, BalanceClock clock, List<Captured> captured) {
    this.table = table;
    this.change = change;
    this.clock = clock;
    this.captured = captured;
    this.letters =
        new RowLetters(Kind.BALANCES, change, table.userId(), table::columns, table::row);
  }

  /** Adds what is to be sent for it to the list. */
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
    Reading<Account> is = Reading.of(table.row(row), table::read);
    boolean same =
        before.isPresent() && is.equals(Reading.of(table.row(before.get()), table::read));
    if (same) {
      return;
    }
    switch (is) {
      case Reading.Counts<Account>(Account account) -> send(account, row);
      case Reading.CountsNothing<Account> _ -> {}
      case Reading.Unmappable<Account>(var reason, String message) ->
          captured.add(letters.of(reason, message, row));
    }
  }

  private void gone(String what, @Nullable Row row) {
    if (table.onDelete() != OnChange.IGNORE) {
      captured.add(
          letters.of(
              DeadLetterReason.CHANGED_ROW, what + ": its last balance stays in force", row));
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
            captured.add(letters.of(reason, message, row));
      }
    } catch (IllegalArgumentException | DateTimeException e) {
      captured.add(letters.of(DeadLetterReason.BAD_TEXT, String.valueOf(e.getMessage()), row));
    }
  }
}
