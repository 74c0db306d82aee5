package io.spendwatch.streams.capture;

import io.spendwatch.streams.capture.change.Change;
import io.spendwatch.streams.capture.expression.ColumnGoneException;
import java.util.ArrayList;
import java.util.List;

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
        .ifPresent(table -> new AccountChange(table, change, clock, captured).map());
    mapping
        .transactions(change.table())
        .ifPresent(table -> new TransactionChange(table, change, captured).map());
    return captured;
  }
}
