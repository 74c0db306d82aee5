package io.spendwatch.ops.lab.bench.rivals;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What those that nodes are measured against know of one user: the balance, and an exact sum of
 * entries in order.
 */
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
   * @param with the transaction of that entry
   * @return null where nothing changes
   */
  Change change(Transaction with) {
    if (breaches() == (episodeId != null)) {
      return null;
    }
    if (breaches()) {
      String at = AlertIds.transaction(with.transactionId(), with.eventTimeMs());
      episodeId = AlertIds.episodeId(with.userId(), at, at);
      return new Change(AlertType.RAISED, episodeId);
    }
    String ended = episodeId;
    episodeId = null;
    return new Change(AlertType.CLEARED, ended);
  }

  /**
   * What tells of it.
   *
   * @param with the transaction that was added last
   * @param nowMs wall clock
   */
  Alert alert(Change change, Transaction with, Alert.Source source, long nowMs) {
    return new Alert(
        AlertIds.alertId(change.episodeId(), change.type()),
        change.type(),
        change.episodeId(),
        with.userId(),
        with.transactionId(),
        exposureMinor,
        balanceMinor,
        with.currency(),
        entries,
        with.eventTimeMs(),
        nowMs,
        false,
        null,
        switch (change.type()) {
          case RAISED -> null;
          case CLEARED ->
              with.kind() == TransactionKind.REFUND ? AlertCause.REFUND : AlertCause.EXPIRY;
        },
        Rule.EXPOSURE_24H.applied(),
        source);
  }

  /** All of it but the balance. */
  byte[] state() {
    byte[] episode = episodeId == null ? new byte[0] : episodeId.getBytes(US_ASCII);
    ByteBuffer state = ByteBuffer.allocate(2 * Integer.BYTES + episode.length + entries * 16);
    state.putInt(episode.length).put(episode).putInt(entries);
    int mask = timesMs.length - 1;
    for (int i = 0; i < entries; i++) {
      int at = (head + i) & mask;
      state.putLong(timesMs[at]).putLong(amountsMinor[at]);
    }
    return state.array();
  }

  /** Takes over what {@link #state()} gave, in a user who has no entries yet. */
  void restore(byte[] from) {
    ByteBuffer state = ByteBuffer.wrap(from);
    byte[] episode = new byte[state.getInt()];
    state.get(episode);
    episodeId = episode.length == 0 ? null : new String(episode, US_ASCII);
    entries = state.getInt();
    int size = Math.max(ENTRIES_MIN, Integer.highestOneBit(Math.max(1, entries)) * 2);
    timesMs = new long[size];
    amountsMinor = new long[size];
    for (int i = 0; i < entries; i++) {
      timesMs[i] = state.getLong();
      amountsMinor[i] = state.getLong();
      exposureMinor += amountsMinor[i];
    }
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
