package io.spendwatch.ops.audit.explain;

import static io.spendwatch.ops.audit.explain.Wording.decimal;

import io.spendwatch.ops.audit.explain.StoredFacts.Entries;
import io.spendwatch.ops.audit.explain.StoredFacts.Sum;
import java.time.Instant;
import java.util.List;

/**
 * How an exposure comes about, over (after, to].
 *
 * @param recomputed by {@code sql}, now
 * @param stored when it was decided; null where nothing was
 * @param transactions how many it sums
 * @param entries that it sums
 * @param arrivedLater in the same hours, and not summed since they were not known yet
 * @param left at {@code to}, being 24 h old; null where that does not matter
 * @param sql gives {@code recomputed}, as it stands, in psql
 */
public record Summation(
    String userId,
    Instant after,
    Instant to,
    String currency,
    String recomputed,
    String stored,
    long transactions,
    Listing entries,
    Listing arrivedLater,
    Listing left,
    String sql) {

  /**
   * The last of some transactions, by event time, then by arrival.
   *
   * @param earlier how many there are before these
   * @param earlierSum what those come to
   */
  public record Listing(List<Line> lines, long earlier, String earlierSum) {}

  /**
   * A transaction.
   *
   * @param amount a refund is negative
   * @param sum of all up to this one
   */
  public record Line(
      Instant eventTime,
      String transactionId,
      String kind,
      String amount,
      String sum,
      String verdict,
      long offset) {}

  /** Reads what is in the window, at most so many lines of each kind. */
  static Summation of(StoredFacts facts, Window window, Sum sum, Long storedMinor, int rowsMax) {
    String currency = window.currency();
    return new Summation(
        window.userId(),
        window.start(),
        window.end(),
        currency,
        decimal(sum.exposureMinor(), currency),
        storedMinor == null ? null : decimal(storedMinor, currency),
        sum.transactions(),
        listing(facts.entries(window, rowsMax), currency),
        listing(facts.unknown(window, rowsMax), currency),
        null,
        window.sql());
  }

  /** The same, with what left at its end. */
  Summation withLeft(Entries entries) {
    return new Summation(
        userId,
        after,
        to,
        currency,
        recomputed,
        stored,
        transactions,
        this.entries,
        arrivedLater,
        listing(entries, currency),
        sql);
  }

  private static Listing listing(Entries entries, String currency) {
    return new Listing(
        entries.entries().stream()
            .map(
                entry ->
                    new Line(
                        entry.eventTime(),
                        entry.transactionId(),
                        entry.kind(),
                        decimal(entry.signedMinor(), currency),
                        decimal(entry.runningMinor(), currency),
                        entry.verdict().name(),
                        entry.offset()))
            .toList(),
        entries.earlier(),
        decimal(entries.earlierMinor(), currency));
  }
}
