package io.spendwatch.ops.lab.bench;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.protocol.AlertType;
import java.util.Arrays;
import java.util.function.Supplier;

/** What the bare loop knows of one user: the balance, and an exact sum of entries in order. */
final class BareUser {
  private static final int ENTRIES_MIN = 8;

  final long balanceMinor;
  final long balanceVersion;

  /** Rings of one size, a power of two, in order of event time. */
  private long[] timesMs = new long[ENTRIES_MIN];

  private long[] amountsMinor = new long[ENTRIES_MIN];
  private int head;
  private int entries;
  private long exposureMinor;

  /** Of the open episode, or null. */
  private String episodeId;

  BareUser(long balanceMinor, long balanceVersion) {
    this.balanceMinor = balanceMinor;
    this.balanceVersion = balanceVersion;
  }

  /**
   * Counts an entry, whose event time is no earlier than that of the one before.
   *
   * @return the exposure with it, minor units
   */
  long add(long timeMs, long amountMinor) {
    int mask = timesMs.length - 1;
    while (entries > 0 && timesMs[head] <= timeMs - ExposureWindow.WINDOW_MS) {
      exposureMinor -= amountsMinor[head];
      head = (head + 1) & mask;
      entries--;
    }
    if (entries == timesMs.length) {
      grow();
      mask = timesMs.length - 1;
    }
    int tail = (head + entries) & mask;
    timesMs[tail] = timeMs;
    amountsMinor[tail] = amountMinor;
    entries++;
    exposureMinor = Math.addExact(exposureMinor, amountMinor);
    return exposureMinor;
  }

  /** How many entries the sum is of. */
  int entries() {
    return entries;
  }

  boolean breaches() {
    return exposureMinor > balanceMinor;
  }

  /**
   * Whether an episode begins or ends with the last entry.
   *
   * @param opening the id of one that begins
   * @return the id of the episode, and whether it begins; null where nothing changes
   */
  Change change(Supplier<String> opening) {
    if (breaches() == (episodeId != null)) {
      return null;
    }
    if (breaches()) {
      episodeId = opening.get();
      return new Change(AlertType.RAISED, episodeId);
    }
    String ended = episodeId;
    episodeId = null;
    return new Change(AlertType.CLEARED, ended);
  }

  /** The start or the end of an episode. */
  record Change(AlertType type, String episodeId) {}

  private void grow() {
    timesMs = grown(timesMs);
    amountsMinor = grown(amountsMinor);
    head = 0;
  }

  private long[] grown(long[] ring) {
    long[] grown = Arrays.copyOfRange(ring, head, head + 2 * ring.length);
    System.arraycopy(ring, 0, grown, ring.length - head, head);
    return grown;
  }
}
