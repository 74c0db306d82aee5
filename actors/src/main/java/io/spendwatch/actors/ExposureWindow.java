package io.spendwatch.actors;

import io.spendwatch.protocol.Alert;
import java.util.Arrays;

/**
 * One user's transactions of the last 48 h of event time, and the exposure at a position that moves
 * through them.
 *
 * <p>Two windows' length is kept because a record may be up to 24 h out of order, and its exposure
 * sums the 24 h before it.
 *
 * <p>The position is what the exposure is of: everything up to it has been counted, everything that
 * left the window before it has been subtracted. {@link #step} moves it to the next instant at
 * which the exposure changes. In order, a transaction costs amortised O(1): it is appended, added
 * once and subtracted once. Out of order it costs O(log n + k), with k the transactions later than
 * it, which have to be looked at again anyway.
 *
 * <p>Entries are packed into three ints (time as an offset, amount, fingerprint of the transaction
 * id): 12 bytes, and 8 more only while some amount does not fit an int. Not thread-safe: one actor
 * owns it.
 */
final class ExposureWindow {

  static final long WINDOW_MS = Alert.WINDOW_MS;
  static final long RETENTION_MS = 2 * WINDOW_MS;

  /** Answer of {@link #step}: nothing left to do. */
  static final long AT_REST = Long.MIN_VALUE;

  private static final int INTS = 3;
  private static final int INITIAL_ENTRIES = 2;

  /**
   * Windows up to this many entries are searched for a fingerprint; larger ones have a filter
   * before the search.
   */
  private static final int SEARCHED_ENTRIES = 64;

  private static final long[] NONE = {};

  private long baseMs;
  private int[] packed = new int[INITIAL_ENTRIES * INTS];

  /** Amounts, once one of them does not fit an int; null before that. */
  private long[] wide;

  /**
   * A Bloom filter of one word a key over the fingerprints, about ten bits an entry; null while the
   * window is small. It forgets only when the array is resized.
   */
  private long[] filter;

  /**
   * Entries are at [head, end); [lo, hi) is in the window at the position; [hi, end) is still to be
   * counted.
   */
  private int head;

  private int lo;
  private int hi;
  private int end;
  private long exposureMinor;
  private long grossMinor;
  private long positionMs = Long.MIN_VALUE;

  /** Event time of the latest transaction; {@link Long#MIN_VALUE} without any. */
  long latestMs() {
    return end == head ? Long.MIN_VALUE : timeMs(end - 1);
  }

  /** Every instant before it has been dealt with; see {@link #step}. */
  long positionMs() {
    return positionMs;
  }

  /** Signed sum of the window at the position, minor units. */
  long exposureMinor() {
    return exposureMinor;
  }

  /** How many transactions the exposure sums. */
  int transactions() {
    return hi - lo;
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

  /** Whether counting it could overflow a sum of minor units. */
  boolean overflows(long signedAmountMinor) {
    return signedAmountMinor == Long.MIN_VALUE
        || grossMinor > Long.MAX_VALUE - Math.abs(signedAmountMinor);
  }

  /**
   * Event times of the kept transactions whose id has this fingerprint. Empty (the usual case) is
   * certainty that the id is not among them, anything else a suspicion. O(1) but for suspicions and
   * small windows, which are searched: O(n).
   */
  long[] timesOf(int fingerprint) {
    if (filter != null
        && (filter[filterWord(fingerprint)] & filterBits(fingerprint)) != filterBits(fingerprint)) {
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
   * Puts a transaction where it belongs: by event time, after those of the same millisecond. Where
   * that is before the position, the position goes back to just before it. The exposure does not
   * include it until {@link #step} has passed it.
   *
   * <p>Must be neither {@linkplain #isTooLate too late} nor {@linkplain #overflows overflow}; one
   * later than the position needs {@link #step} to have come to rest at its event time before, so
   * that what has left can be forgotten.
   */
  void insert(long eventTimeMs, long signedAmountMinor, int fingerprint) {
    int index = put(eventTimeMs, signedAmountMinor, fingerprint);
    if (eventTimeMs < positionMs || index < hi) {
      rewindTo(index);
    }
  }

  /**
   * Keeps a transaction that is too late: it counts in the exposure of out-of-order transactions
   * still to come, and nowhere else.
   */
  void keepTooLate(long eventTimeMs, long signedAmountMinor, int fingerprint) {
    if (eventTimeMs > latestMs() - RETENTION_MS) {
      put(eventTimeMs, signedAmountMinor, fingerprint);
      lo++;
      hi++;
    }
  }

  /**
   * Moves to the next instant at which the exposure changes: a transaction is counted, or
   * transactions leave 24 h after their event time. What leaves at the instant of a transaction
   * leaves together with the first one there; further transactions of the same millisecond are
   * steps of their own.
   *
   * @param untilMs once all transactions are counted, only what leaves strictly before this instant
   *     is dealt with
   * @return the instant, or {@link #AT_REST}
   */
  long step(long untilMs) {
    long expiryMs = nextExpiryMs();
    if (hi < end) {
      long nextMs = timeMs(hi);
      if (nextMs <= expiryMs) {
        expire(nextMs);
        exposureMinor += amountMinor(hi);
        hi++;
        positionMs = Math.max(positionMs, nextMs);
        return nextMs;
      }
    } else if (expiryMs >= untilMs || lo == hi) {
      positionMs = Math.max(positionMs, untilMs);
      return AT_REST;
    }
    expire(expiryMs);
    return expiryMs;
  }

  /** {@linkplain #step Steps} until nothing is left to do before this instant. */
  void restTo(long untilMs) {
    while (step(untilMs) != AT_REST) {
      // each step does its work
    }
  }

  /**
   * Puts the position back to an instant at or after the latest transaction, if it is beyond: what
   * has left at that instant or since is counted again.
   */
  void returnTo(long instantMs) {
    if (instantMs < positionMs) {
      while (lo > head && timeMs(lo - 1) + WINDOW_MS >= instantMs) {
        lo--;
        exposureMinor += amountMinor(lo);
      }
      positionMs = instantMs;
    }
  }

  /** Whether the last {@link #step}, which came to this instant, counted a transaction. */
  boolean countedAt(long instantMs) {
    return hi > lo && timeMs(hi - 1) == instantMs;
  }

  /** The signed amount that the last counting step counted, minor units. */
  long lastCountedMinor() {
    return amountMinor(hi - 1);
  }

  /** The how-manieth of its millisecond the last counted transaction is, from 0. */
  int rankOfLastCounted() {
    int first = hi - 1;
    while (first > head && timeMs(first - 1) == timeMs(hi - 1)) {
      first--;
    }
    return hi - 1 - first;
  }

  /** The first counted transaction at or after this instant; {@link Long#MAX_VALUE} for none. */
  long firstCountedFrom(long instantMs) {
    int index = firstAfter(instantMs - 1);
    return index < hi ? timeMs(index) : Long.MAX_VALUE;
  }

  /** Next instant at which transactions leave; {@link Long#MAX_VALUE} for none. */
  long nextExpiryMs() {
    return lo < hi ? timeMs(lo) + WINDOW_MS : Long.MAX_VALUE;
  }

  /**
   * What the exposure would be at an instant that {@link #step} has come to rest at, with one more
   * transaction of this amount there: what leaves at that very instant is out. Moves nothing.
   */
  long exposureWith(long signedAmountMinor, long instantMs) {
    long sum = exposureMinor + signedAmountMinor;
    for (int i = lo; i < hi && timeMs(i) + WINDOW_MS <= instantMs; i++) {
      sum -= amountMinor(i);
    }
    return sum;
  }

  /**
   * Exposure over (instant − 24 h, instant] of the kept transactions, wherever the position is;
   * minor units. O(n).
   */
  long exposureAt(long instantMs) {
    long sum = 0;
    for (int i = firstAfter(instantMs - WINDOW_MS), to = firstAfter(instantMs); i < to; i++) {
      sum += amountMinor(i);
    }
    return sum;
  }

  /** How many transactions {@link #exposureAt} sums. */
  int transactionsAt(long instantMs) {
    return firstAfter(instantMs) - firstAfter(instantMs - WINDOW_MS);
  }

  /**
   * Puts the position to just before the entry: what is before it in time or arrival is counted.
   */
  private void rewindTo(int index) {
    long atMs = timeMs(index);
    // What leaves at this very instant leaves with the first transaction there.
    boolean firstOfItsInstant = index == head || timeMs(index - 1) < atMs;
    long outAtMs = atMs - WINDOW_MS;
    lo = firstOfItsInstant ? firstAfter(outAtMs - 1) : firstAfter(outAtMs);
    hi = index;
    exposureMinor = 0;
    for (int i = lo; i < hi; i++) {
      exposureMinor += amountMinor(i);
    }
  }

  private void expire(long instantMs) {
    while (lo < hi && timeMs(lo) + WINDOW_MS <= instantMs) {
      exposureMinor -= amountMinor(lo);
      lo++;
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

  private int put(long eventTimeMs, long signedAmountMinor, int fingerprint) {
    makeRoom(eventTimeMs, signedAmountMinor);
    int index = end;
    if (end > head && eventTimeMs < timeMs(end - 1)) {
      index = firstAfter(eventTimeMs);
      System.arraycopy(packed, index * INTS, packed, (index + 1) * INTS, (end - index) * INTS);
      if (wide != null) {
        System.arraycopy(wide, index, wide, index + 1, end - index);
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
    if (filter != null) {
      filter[filterWord(fingerprint)] |= filterBits(fingerprint);
    }
    grossMinor += Math.abs(signedAmountMinor);
    return index;
  }

  /** Forgets what is 48 h behind, and makes sure that one more entry fits. */
  private void makeRoom(long eventTimeMs, long signedAmountMinor) {
    long latestMs = Math.max(latestMs(), eventTimeMs);
    if (end > head) {
      forgetUpTo(latestMs - RETENTION_MS);
    }
    if (end == head) {
      head = 0;
      lo = 0;
      hi = 0;
      end = 0;
      exposureMinor = 0;
      grossMinor = 0;
      baseMs = eventTimeMs;
      wide = null;
      filter = null;
    } else if (!fitsInt(eventTimeMs - baseMs)) {
      rebase();
    }
    if (wide == null && !fitsInt(signedAmountMinor)) {
      widen();
    }
    if ((end + 1) * INTS > packed.length) {
      resize();
    }
  }

  /** Forgets entries at or before the instant, but none that the exposure still counts. */
  private void forgetUpTo(long instantMs) {
    while (head < lo && timeMs(head) <= instantMs) {
      grossMinor -= Math.abs(amountMinor(head));
      head++;
    }
    // A leap of more than 48 h: what is left in the window leaves before the new transaction is
    // counted, in step().
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
    if (wide != null) {
      long[] amounts = new long[target.length / INTS];
      System.arraycopy(wide, head, amounts, 0, size);
      wide = amounts;
    }
    packed = target;
    lo -= head;
    hi -= head;
    end = size;
    head = 0;
    filter = size > SEARCHED_ENTRIES ? new long[(size + size / 4) / 6 + 1] : null;
    if (filter != null) {
      for (int i = 0; i < end; i++) {
        int fingerprint = packed[i * INTS + 2];
        filter[filterWord(fingerprint)] |= filterBits(fingerprint);
      }
    }
  }

  private int filterWord(int fingerprint) {
    return (int) ((Integer.toUnsignedLong(fingerprint * 0x9E3779B1) * filter.length) >>> 32);
  }

  private static long filterBits(int fingerprint) {
    return 1L << fingerprint | 1L << (fingerprint >>> 6) | 1L << (fingerprint >>> 12);
  }

  private static boolean fitsInt(long value) {
    return value == (int) value;
  }
}
