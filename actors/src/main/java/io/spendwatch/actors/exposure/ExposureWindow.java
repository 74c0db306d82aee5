package io.spendwatch.actors.exposure;

import java.math.BigInteger;
import java.util.Locale;

/**
 * One user's transactions of the last 48 h of event time, and the exposure at a position.
 *
 * <p>Two windows' length is kept because a record may be up to 24 h out of order, and its exposure
 * sums the 24 h before it.
 *
 * <p>The position is an instant at or after the latest transaction; the exposure is the sum over
 * (position − 24 h, position] of what is in the currency that counts. So it is a function of the
 * entries and the position alone, whatever order they came in. {@link #moveTo} moves the position
 * in either direction; in order, a transaction costs amortised O(1): it is appended, added once and
 * subtracted once. Out of order it costs O(log n + k), with k the transactions later than it.
 * {@link Walk} goes through instants before the position without moving it.
 *
 * <p>What must always hold is checked as the window works, at a cost of O(1) per transaction
 * ({@link #check}). Not thread-safe: one actor owns it.
 */
public final class ExposureWindow extends PackedEntries {

  public static final long WINDOW_MS = Rule.EXPOSURE_24H.windowMs();
  public static final long RETENTION_MS = 2 * WINDOW_MS;

  /**
   * The whole sum is compared at the latest after so many changes, and as many as it has entries.
   */
  private static final int CHECKED_AFTER = 64;

  /** The one whose entries count. */
  private byte counting;

  /** Entries at [lo, end) are in the window at the position. */
  private int lo;

  /** Of the entries in the window that count. */
  private long exposureMinor;

  private long positionMs = Long.MIN_VALUE;
  private int uncheckedChanges;

  /** A copy with arrays of its own. O(n), and nothing but copying of memory. */
  ExposureWindow copy() {
    var copy = new ExposureWindow();
    copy.copyFrom(this);
    copy.counting = counting;
    copy.lo = lo;
    copy.exposureMinor = exposureMinor;
    copy.positionMs = positionMs;
    copy.uncheckedChanges = uncheckedChanges;
    return copy;
  }

  @Override
  void moved(int by) {
    lo -= by;
  }

  /** The instant that the exposure is of; {@link Long#MIN_VALUE} before any transaction. */
  long positionMs() {
    return positionMs;
  }

  /** Signed sum of the window at the position, minor units. */
  long exposureMinor() {
    return exposureMinor;
  }

  /** How many transactions the exposure sums. O(1) with one currency, else O(n). */
  int transactions() {
    return countIn(lo, end, counting);
  }

  /**
   * Whether a transaction of this event time can change nothing current: 24 h or more behind the
   * latest.
   */
  boolean isTooLate(long eventTimeMs) {
    return end > head && eventTimeMs <= timeMs(end - 1) - WINDOW_MS;
  }

  /**
   * Whether some sum over 24 hours would not fit 64 bits with this transaction in it. O(1) unless
   * the amounts are enormous, then O(n).
   */
  boolean overflows(long eventTimeMs, long signedAmountMinor) {
    return mayOverflow(signedAmountMinor) && overflowsExactly(eventTimeMs, signedAmountMinor);
  }

  /**
   * Keeps a transaction, by event time, after those of the same millisecond. One later than the
   * position takes the position with it; one that is 48 h or more behind the latest is not kept.
   *
   * @param currency a number from 0 to 127, see {@link #count}
   */
  void insert(long eventTimeMs, long signedAmountMinor, int fingerprint, byte currency) {
    if (end > head && eventTimeMs <= latestMs() - RETENTION_MS) {
      return;
    }
    if (eventTimeMs > positionMs) {
      moveTo(eventTimeMs);
    }
    // What has left the window a day ago.
    forget(lo, Math.max(latestMs(), eventTimeMs) - RETENTION_MS);
    put(eventTimeMs, signedAmountMinor, fingerprint, currency);
    if (eventTimeMs <= positionMs - WINDOW_MS) {
      lo++;
    } else if (currency == counting) {
      exposureMinor += signedAmountMinor;
    }
    check();
  }

  /**
   * Puts the position to another instant, at or after the latest transaction.
   *
   * @throws IllegalArgumentException for one before it
   */
  void moveTo(long instantMs) {
    if (instantMs < latestMs()) {
      throw new IllegalArgumentException(
          "position " + instantMs + " (expected: at or after " + latestMs() + ")");
    }
    long outMs = instantMs - WINDOW_MS;
    while (lo < end && timeMs(lo) <= outMs) {
      exposureMinor -= countedMinor(lo);
      lo++;
    }
    while (lo > head && timeMs(lo - 1) > outMs) {
      lo--;
      exposureMinor += countedMinor(lo);
    }
    positionMs = instantMs;
    if (lo == end && exposureMinor != 0) {
      throw new IllegalStateException("exposure " + exposureMinor + " of no transactions");
    }
  }

  /** Makes the transactions of this currency the ones that count. O(n) where it changes. */
  void count(byte currency) {
    if (currency != counting) {
      counting = currency;
      exposureMinor = sum(lo, end, counting);
    }
  }

  /** Next instant at which transactions leave; {@link Long#MAX_VALUE} for none. */
  long nextExpiryMs() {
    return lo < end ? timeMs(lo) + WINDOW_MS : Long.MAX_VALUE;
  }

  /**
   * What the exposure would be with one more transaction of this amount at an instant at or after
   * the position. Moves nothing.
   */
  long exposureWith(long signedAmountMinor, long instantMs) {
    long sum = exposureMinor + signedAmountMinor;
    for (int i = lo; i < end && timeMs(i) + WINDOW_MS <= instantMs; i++) {
      sum -= countedMinor(i);
    }
    return sum;
  }

  /**
   * Exposure over (instant − 24 h, instant] of the kept transactions of a currency, wherever the
   * position is; minor units. O(n).
   */
  long exposureAt(long instantMs, byte currency) {
    return sum(firstAfter(instantMs - WINDOW_MS), firstAfter(instantMs), currency);
  }

  /** How many transactions {@link #exposureAt} sums. */
  int transactionsAt(long instantMs, byte currency) {
    return countIn(firstAfter(instantMs - WINDOW_MS), firstAfter(instantMs), currency);
  }

  /** Goes through what is kept from this instant on; what is before it is counted already. */
  Walk walk(long fromMs, byte currency) {
    return new Walk(fromMs, currency);
  }

  /**
   * A second position, which goes through the past: from instant to instant at which transactions
   * of one currency come or leave. Valid until the window changes.
   */
  final class Walk {
    private byte currency;
    private int first;
    private int next;
    private long sumMinor;
    private int transactions;

    private Walk(long fromMs, byte currency) {
      this.currency = currency;
      place(fromMs - 1);
    }

    private void place(long instantMs) {
      first = firstAfter(instantMs - WINDOW_MS);
      next = firstAfter(instantMs);
      sumMinor = sum(first, next, currency);
      transactions = countIn(first, next, currency);
    }

    /** Counts another currency from here on: all up to the instant has been gone through. */
    void count(byte other, long instantMs) {
      if (other != currency) {
        currency = other;
        place(instantMs);
      }
    }

    /** When the next transaction comes; {@link Long#MAX_VALUE} for none. */
    long nextTransactionMs() {
      while (next < end && !isOf(next, currency)) {
        next++;
      }
      return next < end ? timeMs(next) : Long.MAX_VALUE;
    }

    /** When the next transaction leaves of those that came; {@link Long#MAX_VALUE} for none. */
    long nextExpiryMs() {
      while (first < next && !isOf(first, currency)) {
        first++;
      }
      return first < next ? timeMs(first) + WINDOW_MS : Long.MAX_VALUE;
    }

    /** What leaves at or before this instant is out. */
    void expire(long instantMs) {
      while (nextExpiryMs() <= instantMs) {
        sumMinor -= ExposureWindow.this.amountMinor(first);
        transactions--;
        first++;
      }
    }

    /**
     * Takes the next transaction in.
     *
     * @return its signed amount, minor units
     */
    long take() {
      long amount = ExposureWindow.this.amountMinor(next);
      sumMinor += amount;
      transactions++;
      next++;
      return amount;
    }

    /** Its place among all transactions of its millisecond, of the last one taken; from 0. */
    int rank() {
      int earliest = next - 1;
      while (earliest > head && timeMs(earliest - 1) == timeMs(next - 1)) {
        earliest--;
      }
      return next - 1 - earliest;
    }

    /** Whether the last one taken is the last of its millisecond, of whatever currency. */
    boolean isLastOfInstant() {
      return next == end || timeMs(next) > timeMs(next - 1);
    }

    long exposureMinor() {
      return sumMinor;
    }

    int transactions() {
      return transactions;
    }
  }

  private long countedMinor(int index) {
    return isOf(index, counting) ? amountMinor(index) : 0;
  }

  /**
   * What holds after every change: the entries in the window are those later than 24 h before the
   * position, and from time to time that the exposure is their sum.
   *
   * @throws IllegalStateException where it does not: the memory is then to be dropped
   */
  private void check() {
    long outMs = positionMs - WINDOW_MS;
    if (lo < head
        || lo > end
        || latestMs() > positionMs
        || (lo > head && timeMs(lo - 1) > outMs)
        || (lo < end && timeMs(lo) <= outMs)) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "window [%d, %d) of [%d, %d) at position %d",
              lo,
              end,
              head,
              end,
              positionMs));
    }
    if (++uncheckedChanges > CHECKED_AFTER && uncheckedChanges > end - lo) {
      uncheckedChanges = 0;
      checkSum();
    }
  }

  /**
   * Holds the exposure against the sum of its entries, and their order. O(n).
   *
   * @throws IllegalStateException where one of them is not as it must be
   */
  void checkSum() {
    if (exposureMinor != sum(lo, end, counting)) {
      throw new IllegalStateException(
          "exposure " + exposureMinor + ", its entries add up to " + sum(lo, end, counting));
    }
    if (!isInOrder()) {
      throw new IllegalStateException("an entry is out of order");
    }
  }

  /** At each instant from the transaction's on, while it is in the window: a few at most change. */
  private boolean overflowsExactly(long eventTimeMs, long signedAmountMinor) {
    long lastMs = eventTimeMs + WINDOW_MS - 1;
    if (isBeyond(eventTimeMs, signedAmountMinor)) {
      return true;
    }
    for (int i = firstAfter(eventTimeMs - WINDOW_MS); i < end; i++) {
      long comesMs = timeMs(i);
      long leavesMs = comesMs + WINDOW_MS;
      if ((comesMs > eventTimeMs && comesMs <= lastMs && isBeyond(comesMs, signedAmountMinor))
          || (leavesMs > eventTimeMs
              && leavesMs <= lastMs
              && isBeyond(leavesMs, signedAmountMinor))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Of whatever currency: one that could count later must fit as well. After each entry of the
   * instant too, not only after all of them.
   */
  private boolean isBeyond(long instantMs, long signedAmountMinor) {
    BigInteger sum = BigInteger.valueOf(signedAmountMinor);
    int atInstant = firstAfter(instantMs - 1);
    int to = firstAfter(instantMs);
    for (int i = firstAfter(instantMs - WINDOW_MS); i < to; i++) {
      if (i >= atInstant && sum.bitLength() >= Long.SIZE) {
        return true;
      }
      sum = sum.add(BigInteger.valueOf(amountMinor(i)));
    }
    return sum.bitLength() >= Long.SIZE;
  }
}
