package io.spendwatch.actors.exposure;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

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
 * <p>Entries are packed into three ints (time as an offset, amount, fingerprint of the transaction
 * id): 12 bytes; 8 more only while some amount does not fit an int, and one more while there are
 * several currencies. What must always hold is checked as the window works, at a cost of O(1) per
 * transaction ({@link #check}). Not thread-safe: one actor owns it.
 */
public final class ExposureWindow {

  public static final long WINDOW_MS = Rule.EXPOSURE_24H.windowMs();
  public static final long RETENTION_MS = 2 * WINDOW_MS;

  private static final int INTS = 3;
  private static final int INITIAL_ENTRIES = 2;

  /**
   * Windows up to this many entries are searched for a fingerprint; larger ones have a filter
   * before the search.
   */
  private static final int SEARCHED_ENTRIES = 64;

  /**
   * The whole sum is compared at the latest after so many changes, and as many as it has entries.
   */
  private static final int CHECKED_AFTER = 64;

  /**
   * Amounts are bounded together in units of 2^20 minor units, rounded up: that cannot overflow.
   */
  private static final int GROSS_SHIFT = 20;

  private static final long GROSS_MAX = 1L << (63 - GROSS_SHIFT);

  private static final long[] NONE = {};

  private long baseMs;
  private int[] packed = new int[INITIAL_ENTRIES * INTS];

  /** Amounts, once one of them does not fit an int; null before that. */
  private long @Nullable [] wide;

  /** Currency of each entry, once there are several; null while all have {@link #onlyCurrency}. */
  private byte @Nullable [] currencies;

  private byte onlyCurrency;

  /** The one whose entries count. */
  private byte counting;

  /**
   * A Bloom filter of one word a key over the fingerprints, about ten bits an entry; null while the
   * window is small. It forgets only when the array is resized.
   */
  private long @Nullable [] filter;

  /** Entries are at [head, end); [lo, end) is in the window at the position. */
  private int head;

  private int lo;
  private int end;

  /** Of the entries in the window that count. */
  private long exposureMinor;

  /** Upper bound of the sum of all absolute amounts, see {@link #GROSS_SHIFT}. */
  private long gross;

  private long positionMs = Long.MIN_VALUE;
  private int uncheckedChanges;

  /** A copy with arrays of its own. O(n), and nothing but copying of memory. */
  ExposureWindow copy() {
    var copy = new ExposureWindow();
    copy.baseMs = baseMs;
    copy.packed = packed.clone();
    copy.wide = wide == null ? null : wide.clone();
    copy.currencies = currencies == null ? null : currencies.clone();
    copy.onlyCurrency = onlyCurrency;
    copy.counting = counting;
    copy.filter = filter == null ? null : filter.clone();
    copy.head = head;
    copy.lo = lo;
    copy.end = end;
    copy.exposureMinor = exposureMinor;
    copy.gross = gross;
    copy.positionMs = positionMs;
    copy.uncheckedChanges = uncheckedChanges;
    return copy;
  }

  /** Event time of the latest transaction; {@link Long#MIN_VALUE} without any. */
  long latestMs() {
    return end == head ? Long.MIN_VALUE : timeMs(end - 1);
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

  /** How many transactions are kept, including those that left the window up to 24 h ago. */
  int size() {
    return end - head;
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
    return gross + grossOf(signedAmountMinor) > GROSS_MAX
        && overflowsExactly(eventTimeMs, signedAmountMinor);
  }

  /**
   * Event times of the kept transactions whose id has this fingerprint. Empty (the usual case) is
   * certainty that the id is not among them, anything else a suspicion. O(1) but for suspicions and
   * small windows, which are searched: O(n).
   */
  long[] timesOf(int fingerprint) {
    if (filter != null
        && (filter[filterWord(fingerprint, filter.length)] & filterBits(fingerprint))
            != filterBits(fingerprint)) {
      return NONE;
    }
    long[] found = NONE;
    for (int i = head; i < end; i++) {
      if (packed[i * INTS + 2] == fingerprint) {
        found = Arrays.copyOf(found, found.length + 1);
        found[found.length - 1] = timeMs(i);
      }
    }
    return found;
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

  /** Index of the first entry with a later event time. */
  private int firstAfter(long instantMs) {
    int from = head;
    int to = end;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (timeMs(middle) <= instantMs) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }

  private long timeMs(int index) {
    return baseMs + packed[index * INTS];
  }

  private long amountMinor(int index) {
    return wide == null ? packed[index * INTS + 1] : wide[index];
  }

  private boolean isOf(int index, byte currency) {
    return (currencies == null ? onlyCurrency : currencies[index]) == currency;
  }

  private long countedMinor(int index) {
    return isOf(index, counting) ? amountMinor(index) : 0;
  }

  /** Wraps around in between where it has to; the end fits, or {@link #overflows} was not asked. */
  private long sum(int from, int to, byte currency) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      if (isOf(i, currency)) {
        sum += amountMinor(i);
      }
    }
    return sum;
  }

  private int countIn(int from, int to, byte currency) {
    if (currencies == null) {
      return onlyCurrency == currency ? to - from : 0;
    }
    int count = 0;
    for (int i = from; i < to; i++) {
      count += currencies[i] == currency ? 1 : 0;
    }
    return count;
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
    for (int i = head + 1; i < end; i++) {
      if (packed[i * INTS] < packed[(i - 1) * INTS]) {
        throw new IllegalStateException("entry " + i + " is out of order");
      }
    }
  }

  private static long grossOf(long amountMinor) {
    return (amountMinor == Long.MIN_VALUE ? GROSS_MAX : Math.abs(amountMinor) >>> GROSS_SHIFT) + 1;
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

  private void put(long eventTimeMs, long signedAmountMinor, int fingerprint, byte currency) {
    makeRoom(eventTimeMs, signedAmountMinor, currency);
    int index = end;
    if (end > head && eventTimeMs < timeMs(end - 1)) {
      index = firstAfter(eventTimeMs);
      System.arraycopy(packed, index * INTS, packed, (index + 1) * INTS, (end - index) * INTS);
      if (wide != null) {
        System.arraycopy(wide, index, wide, index + 1, end - index);
      }
      if (currencies != null) {
        System.arraycopy(currencies, index, currencies, index + 1, end - index);
      }
    }
    end++;
    packed[index * INTS] = Math.toIntExact(eventTimeMs - baseMs);
    packed[index * INTS + 2] = fingerprint;
    if (wide == null) {
      packed[index * INTS + 1] = Math.toIntExact(signedAmountMinor);
    } else {
      wide[index] = signedAmountMinor;
    }
    if (currencies != null) {
      currencies[index] = currency;
    }
    if (filter != null) {
      filter[filterWord(fingerprint, filter.length)] |= filterBits(fingerprint);
    }
    gross += grossOf(signedAmountMinor);
  }

  /** Forgets what is 48 h behind, and makes sure that one more entry fits. */
  private void makeRoom(long eventTimeMs, long signedAmountMinor, byte currency) {
    forgetUpTo(Math.max(latestMs(), eventTimeMs) - RETENTION_MS);
    if (end == head) {
      head = 0;
      lo = 0;
      end = 0;
      gross = 0;
      baseMs = eventTimeMs;
      wide = null;
      currencies = null;
      onlyCurrency = currency;
      filter = null;
    } else if (!fitsInt(eventTimeMs - baseMs)) {
      rebase();
    }
    if (wide == null && !fitsInt(signedAmountMinor)) {
      widen();
    }
    if (currencies == null && currency != onlyCurrency) {
      currencies = new byte[packed.length / INTS];
      Arrays.fill(currencies, onlyCurrency);
    }
    if ((end + 1) * INTS > packed.length) {
      resize();
    }
  }

  /** Forgets entries at or before the instant: they have left the window a day ago. */
  private void forgetUpTo(long instantMs) {
    while (head < lo && timeMs(head) <= instantMs) {
      gross -= grossOf(amountMinor(head));
      head++;
    }
  }

  private void rebase() {
    long newBaseMs = timeMs(head);
    for (int i = head; i < end; i++) {
      packed[i * INTS] = Math.toIntExact(timeMs(i) - newBaseMs);
    }
    baseMs = newBaseMs;
  }

  private void widen() {
    long[] amounts = new long[packed.length / INTS];
    for (int i = head; i < end; i++) {
      amounts[i] = packed[i * INTS + 1];
    }
    wide = amounts;
  }

  /** Moves the entries to the front of an array that has room for a quarter more. */
  private void resize() {
    int size = end - head;
    int capacity = size + Math.max(INITIAL_ENTRIES, size / 4);
    boolean reuse = capacity * INTS <= packed.length && 2 * capacity * INTS > packed.length;
    int[] target = reuse ? packed : new int[capacity * INTS];
    System.arraycopy(packed, head * INTS, target, 0, size * INTS);
    int room = target.length / INTS;
    if (wide != null) {
      long[] amounts = new long[room];
      System.arraycopy(wide, head, amounts, 0, size);
      wide = amounts;
    }
    if (currencies != null) {
      byte[] ofEntries = new byte[room];
      System.arraycopy(currencies, head, ofEntries, 0, size);
      currencies = ofEntries;
    }
    packed = target;
    lo -= head;
    end = size;
    head = 0;
    filter = size > SEARCHED_ENTRIES ? new long[(size + size / 4) / 6 + 1] : null;
    if (filter != null) {
      for (int i = 0; i < end; i++) {
        int fingerprint = packed[i * INTS + 2];
        filter[filterWord(fingerprint, filter.length)] |= filterBits(fingerprint);
      }
    }
  }

  private static int filterWord(int fingerprint, int words) {
    return (int) ((Integer.toUnsignedLong(fingerprint * 0x9E3779B1) * words) >>> 32);
  }

  private static long filterBits(int fingerprint) {
    return 1L << fingerprint | 1L << (fingerprint >>> 6) | 1L << (fingerprint >>> 12);
  }

  private static boolean fitsInt(long value) {
    return value == (int) value;
  }
}
