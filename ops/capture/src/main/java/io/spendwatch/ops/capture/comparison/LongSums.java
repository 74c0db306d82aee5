package io.spendwatch.ops.capture.comparison;

import java.util.Arrays;

/**
 * A sum for each of many keys, which are 64 bits of a good hash: 32 bytes a key at most, where
 * objects would take a hundred and more. Sums wrap. For one thread.
 */
final class LongSums {
  private static final int CAPACITY = 1 << 12;

  private long[] keys = new long[CAPACITY];
  private long[] sums = new long[CAPACITY];
  private boolean[] used = new boolean[CAPACITY];
  private int size;

  /** Adds to the key's sum; what was not there is 0. */
  void add(long key, long amount) {
    int at = place(key);
    if (!used[at]) {
      if (size >= keys.length / 4 * 3) {
        grow();
        at = place(key);
      }
      used[at] = true;
      keys[at] = key;
      size++;
    }
    sums[at] += amount;
  }

  /** Whether something was added to it. */
  boolean has(long key) {
    return used[place(key)];
  }

  /** 0 for a key that nothing was added to. */
  long sum(long key) {
    return sums[place(key)];
  }

  /** Whether all sums are 0. */
  boolean isBalanced() {
    return Arrays.stream(sums).allMatch(sum -> sum == 0);
  }

  /** Where the key is, or would be. */
  private int place(long key) {
    int at = (int) key & (keys.length - 1);
    while (used[at] && keys[at] != key) {
      at = (at + 1) & (keys.length - 1);
    }
    return at;
  }

  private void grow() {
    long[] oldKeys = keys;
    long[] oldSums = sums;
    boolean[] oldUsed = used;
    keys = new long[oldKeys.length * 2];
    sums = new long[keys.length];
    used = new boolean[keys.length];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldUsed[i]) {
        int at = place(oldKeys[i]);
        used[at] = true;
        keys[at] = oldKeys[i];
        sums[at] = oldSums[i];
      }
    }
  }
}
