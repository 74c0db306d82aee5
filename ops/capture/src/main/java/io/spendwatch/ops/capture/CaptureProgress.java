package io.spendwatch.ops.capture;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What this process has captured, and how far behind it is. Thread-safe. */
final class CaptureProgress {
  private final LongAdder rows = new LongAdder();
  private final LongAdder transactions = new LongAdder();
  private final LongAdder balances = new LongAdder();
  private final LongAdder putAside = new LongAdder();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong committedMs = new AtomicLong();

  /**
   * At one moment.
   *
   * @param rows changes of rows that were read
   * @param transactions records of that topic that Kafka has
   * @param balances likewise
   * @param putAside dead letters likewise
   * @param unacknowledged records that Kafka does not have yet
   * @param behindMs how long ago the last change that was read was committed, while some are not
   *     acknowledged; 0 when all are
   */
  record Figures(
      long rows,
      long transactions,
      long balances,
      long putAside,
      long unacknowledged,
      long behindMs) {}

  void read(long commitMs) {
    rows.increment();
    committedMs.set(commitMs);
  }

  void sent() {
    sent.incrementAndGet();
  }

  /** What was on its way when a session ended is sent again by the next one. */
  void sessionEnded() {
    sent.set(acknowledged.get());
  }

  void acknowledgedTransaction() {
    transactions.increment();
    acknowledged.incrementAndGet();
  }

  void acknowledgedBalance() {
    balances.increment();
    acknowledged.incrementAndGet();
  }

  void acknowledgedLetter() {
    putAside.increment();
    acknowledged.incrementAndGet();
  }

  Figures now(long nowMs) {
    long unacknowledged = Math.max(0, sent.get() - acknowledged.get());
    return new Figures(
        rows.sum(),
        transactions.sum(),
        balances.sum(),
        putAside.sum(),
        unacknowledged,
        unacknowledged == 0 ? 0 : Math.max(0, nowMs - committedMs.get()));
  }
}
