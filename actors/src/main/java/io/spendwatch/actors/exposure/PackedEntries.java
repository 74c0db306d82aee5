package io.spendwatch.actors.exposure;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A user's kept transactions in the order of their event times, each packed into three ints: time
 * as an offset, signed amount, fingerprint of the transaction id. 12 bytes an entry; 8 more only
 * while some amount does not fit an int, and one more while there are several currencies.
 *
 * <p>Superclass of the window instead of a part of it, since there is one for each user in memory:
 * another object would be 16 bytes, and one more place in memory to wait for with each transaction.
 * Not thread-safe.
 */
abstract class PackedEntries {

  private static final int INTS = 3;
  private static final int INITIAL_ENTRIES = 2;

  /**
   * Up to this many entries are searched for a fingerprint; more have a filter before the search.
   */
  private static final int SEARCHED_ENTRIES = 64;

  /**
   * Amounts are bounded together in units of 2^20 minor units, rounded up: that cannot overflow.
   */
  private static final int GROSS_SHIFT = 20;

  private static final long GROSS_MAX = 1L << (63 - GROSS_SHIFT);

  private static final long[] NONE = {};

  /** Entries are at [head, end). */
  int head;

  int end;

  private long baseMs;
  private int[] packed = new int[INITIAL_ENTRIES * INTS];

  /** Amounts, once one of them does not fit an int; null before that. */
  private long @Nullable [] wide;

  /** Currency of each entry, once there are several; null while all have {@link #onlyCurrency}. */
  private byte @Nullable [] currencies;

  private byte onlyCurrency;

  /**
   * A Bloom filter of one word a key over the fingerprints, about ten bits an entry; null while
   * there are few. It forgets only when the array is resized.
   */
  private long @Nullable [] filter;

  /** Upper bound of the sum of all absolute amounts, see {@link #GROSS_SHIFT}. */
  private long gross;

  /** Takes over copies of another's arrays. O(n), and nothing but copying of memory. */
  final void copyFrom(PackedEntries other) {
    head = other.head;
    end = other.end;
    baseMs = other.baseMs;
    packed = other.packed.clone();
    wide = other.wide == null ? null : other.wide.clone();
    currencies = other.currencies == null ? null : other.currencies.clone();
    onlyCurrency = other.onlyCurrency;
    filter = other.filter == null ? null : other.filter.clone();
    gross = other.gross;
  }

  /** All entries are at places that are lower by this from here on. */
  abstract void moved(int by);

  /** How many transactions are kept, including those that left the window up to 24 h ago. */
  final int size() {
    return end - head;
  }

  /** Event time of the latest transaction; {@link Long#MIN_VALUE} without any. */
  final long latestMs() {
    return end == head ? Long.MIN_VALUE : timeMs(end - 1);
  }

  /**
   * Event times of the kept transactions whose id has this fingerprint. Empty (the usual case) is
   * certainty that the id is not among them, anything else a suspicion. O(1) but for suspicions and
   * few entries, which are searched: O(n).
   */
  final long[] timesOf(int fingerprint) {
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

  /** Index of the first entry with a later event time. */
  final int firstAfter(long instantMs) {
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

  final long timeMs(int index) {
    return baseMs + packed[index * INTS];
  }

  final long amountMinor(int index) {
    return wide == null ? packed[index * INTS + 1] : wide[index];
  }

  final boolean isOf(int index, byte currency) {
    return (currencies == null ? onlyCurrency : currencies[index]) == currency;
  }

  /**
   * Wraps around in between where it has to; the end fits, or {@link ExposureWindow#overflows} was
   * not asked.
   */
  final long sum(int from, int to, byte currency) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      if (isOf(i, currency)) {
        sum += amountMinor(i);
      }
    }
    return sum;
  }

  final int countIn(int from, int to, byte currency) {
    if (currencies == null) {
      return onlyCurrency == currency ? to - from : 0;
    }
    int count = 0;
    for (int i = from; i < to; i++) {
      count += currencies[i] == currency ? 1 : 0;
    }
    return count;
  }

  /** Whether the absolute amounts together with this one may be too large for 64 bits. O(1). */
  final boolean mayOverflow(long signedAmountMinor) {
    return gross + grossOf(signedAmountMinor) > GROSS_MAX;
  }

  /** Whether each entry is at or after the one before it. O(n). */
  final boolean isInOrder() {
    for (int i = head + 1; i < end; i++) {
      if (packed[i * INTS] < packed[(i - 1) * INTS]) {
        return false;
      }
    }
    return true;
  }

  /** Puts an entry in its place by event time, after those of the same millisecond. */
  final void put(long eventTimeMs, long signedAmountMinor, int fingerprint, byte currency) {
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

  private static long grossOf(long amountMinor) {
    return (amountMinor == Long.MIN_VALUE ? GROSS_MAX : Math.abs(amountMinor) >>> GROSS_SHIFT) + 1;
  }

  /** Makes sure that one more entry fits. */
  private void makeRoom(long eventTimeMs, long signedAmountMinor, byte currency) {
    if (end == head) {
      moved(head);
      head = 0;
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

  /** Forgets entries before a place whose event times are at or before the instant. */
  final void forget(int before, long instantMs) {
    while (head < before && timeMs(head) <= instantMs) {
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
    moved(head);
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
