package io.spendwatch.ops.events.sources;

import java.util.Arrays;

/**
 * How long alerts of the last minute took from the decision ({@code detectedAt}, the clock of the
 * node that decided) until they were readable (the clock of this node, when its reader got them).
 * Where clocks differ, so do the figures; none is below 0. Of more than {@value #KEPT} alerts a
 * minute, the last ones count. Thread-safe.
 */
public final class AlertTimes {
  private static final int KEPT = 4096;
  private static final long WINDOW_MS = 60_000;

  private final long[] readableMs = new long[KEPT];
  private final long[] tookMs = new long[KEPT];
  private int next;
  private int size;

  /**
   * The distribution, milliseconds.
   *
   * @param alerts how many it is made of
   */
  record Summary(long p50Ms, long p99Ms, int alerts) {}

  synchronized void readable(long detectedAtMs, long nowMs) {
    readableMs[next] = nowMs;
    tookMs[next] = Math.max(0, nowMs - detectedAtMs);
    next = (next + 1) % KEPT;
    size = Math.min(size + 1, KEPT);
  }

  /** Null where there was none. */
  synchronized Summary summary(long nowMs) {
    long[] took = new long[size];
    int count = 0;
    for (int i = 0; i < size; i++) {
      if (nowMs - readableMs[i] < WINDOW_MS) {
        took[count++] = tookMs[i];
      }
    }
    if (count == 0) {
      return null;
    }
    Arrays.sort(took, 0, count);
    return new Summary(took[rank(count, 50)], took[rank(count, 99)], count);
  }

  /** Of the smallest value that so many percent are not above. */
  private static int rank(int count, int percent) {
    return Math.max(0, Math.ceilDiv(count * percent, 100) - 1);
  }
}
