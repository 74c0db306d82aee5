package io.spendwatch.streams.capture;

import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which row of a business database a transaction came from, by its id; and what it adds to it. What
 * was sent for a row, corrections included, adds up to what the row stands for now: so an audit can
 * tell without the log. Immutable.
 */
public final class Attribution {
  private final List<Table> tables = new ArrayList<>();

  /** A table, and what ids its rows can have. */
  private record Table(TransactionsTable mapped, Pattern id) {}

  /**
   * A row, as something was sent for it. Of a row that was given to another user, currency or time
   * there are two of these.
   *
   * @param rowId empty for ids that are too long to stand in the ids of corrections: such rows of
   *     one user, currency and time are told apart by nothing
   */
  public record RowKey(String rowId, String userId, String currency, long eventTimeMs) {}

  /**
   * What a transaction is to its row.
   *
   * @param table by the mapping
   * @param adds to the row's sum: the amount in minor units with the sign that it has in the
   *     exposure; where changes of rows are ignored, 1 for the row itself and 0 for corrections
   * @param amounts whether it is the amount
   * @param mayOutliveRow whether it may be there without the row, since the mapping ignores deleted
   *     rows, or changed ones, of which it is not known any more what was sent
   */
  public record Share(
      String table, RowKey row, long adds, boolean amounts, boolean mayOutliveRow) {}

  public Attribution(CaptureMapping mapping) {
    for (TransactionsTable table : mapping.transactionsTables()) {
      tables.add(new Table(table, table.id().pattern()));
    }
  }

  /** Empty for a transaction that is of none of the mapped tables. */
  public Optional<Share> of(Transaction transaction) {
    String id = transaction.transactionId();
    Optional<String> rowId = CorrectionIds.rowId(id);
    // What has no row's id in its own has it beside, but for what a changed row stands for anew.
    String named = rowId.orElseGet(() -> namedBeside(transaction));
    for (Table table : tables) {
      if (table.id().matcher(named).matches()) {
        return Optional.of(share(table.mapped(), rowId, transaction));
      }
    }
    boolean isOfLongId = rowId.isEmpty() && CorrectionIds.isCorrection(id) && !tables.isEmpty();
    return isOfLongId
        ? Optional.of(share(tables.getFirst().mapped(), rowId, transaction))
        : Optional.empty();
  }

  private static String namedBeside(Transaction transaction) {
    String id = transaction.transactionId();
    String original = transaction.originalTransactionId();
    return CorrectionIds.isCorrection(id) && original != null ? original : id;
  }

  private static Share share(
      TransactionsTable table, Optional<String> rowId, Transaction transaction) {
    boolean amounts = table.onUpdate() != OnChange.IGNORE;
    RowKey row =
        amounts
            ? new RowKey(
                rowId.orElse(""),
                transaction.userId(),
                transaction.currency(),
                transaction.eventTimeMs())
            : new RowKey(rowId.orElse(""), "", "", 0);
    long one = CorrectionIds.isCorrection(transaction.transactionId()) ? 0 : 1;
    return new Share(
        table.table(),
        row,
        amounts ? transaction.signedAmountMinor() : one,
        amounts,
        !amounts || table.onDelete() == OnChange.IGNORE);
  }
}
