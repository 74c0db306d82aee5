package io.spendwatch.ops.capture.walk;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What this process has captured, and how far behind it is. Thread-safe. */
public final class CaptureProgress {
  private final LongAdder rows = new LongAdder();
  private final LongAdder transactions = new LongAdder();
  private final LongAdder balances = new LongAdder();
  private final LongAdder putAside = new LongAdder();
  private final LongAdder applied = new LongAdder();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong committedMs = new AtomicLong();
  private volatile Phase phase = new Phase.Starting();
  private volatile OptionalLong positionKeptMs = OptionalLong.empty();

  /** What it does. */
  public enum State {
    /** It looks at settings and tables, and has not read anything yet. */
    STARTING,
    /** It reads the log, or a snapshot. */
    CAPTURING,
    /** A server is away; it tries again. */
    WAITING
  }

  private sealed interface Phase {
    record Starting() implements Phase {}

    record Capturing() implements Phase {}

    record Waiting(String missing, long sinceMs) implements Phase {}
  }

  /**
   * At one moment.
   *
   * @param rows changes of rows that were read
   * @param transactions records of that topic that Kafka has
   * @param balances likewise
   * @param putAside dead letters likewise
   * @param applied changes of rows that the warehouse has
   * @param unacknowledged records that Kafka, or changes that the warehouse, does not have yet
   * @param behindMs how long ago the last change that was read was committed, while some are not
   *     acknowledged; while it waits, since when, at least; else 0
   * @param waitingFor what is missing
   * @param positionKeptMs when the place in the log was last kept
   */
  public record Figures(
      long rows,
      long transactions,
      long balances,
      long putAside,
      long applied,
      long unacknowledged,
      long behindMs,
      State state,
      Optional<String> waitingFor,
      OptionalLong positionKeptMs) {}

  public void begun() {
    phase = new Phase.Capturing();
  }

  /** A try has failed; since when it waits is the first of them in a row. */
  public void waits(String missing, long nowMs) {
    phase =
        new Phase.Waiting(
            missing, phase instanceof Phase.Waiting(_, long sinceMs) ? sinceMs : nowMs);
  }

  public void positionKept(long nowMs) {
    positionKeptMs = OptionalLong.of(nowMs);
  }

  public void read(long commitMs) {
    rows.increment();
    committedMs.set(commitMs);
  }

  public void sent() {
    sent.incrementAndGet();
  }

  /** What was on its way when a session ended is sent again by the next one. */
  void sessionEnded() {
    sent.set(acknowledged.get());
  }

  public void acknowledgedTransaction() {
    transactions.increment();
    acknowledged.incrementAndGet();
  }

  public void acknowledgedBalance() {
    balances.increment();
    acknowledged.incrementAndGet();
  }

  void acknowledgedLetter() {
    putAside.increment();
    acknowledged.incrementAndGet();
  }

  /** The warehouse has so many more changes. */
  void applied(long changes) {
    applied.add(changes);
    acknowledged.addAndGet(changes);
  }

  public Figures now(long nowMs) {
    long unacknowledged = Math.max(0, sent.get() - acknowledged.get());
    long behindMs = unacknowledged == 0 ? 0 : Math.max(0, nowMs - committedMs.get());
    Phase now = phase;
    return new Figures(
        rows.sum(),
        transactions.sum(),
        balances.sum(),
        putAside.sum(),
        applied.sum(),
        unacknowledged,
        now instanceof Phase.Waiting(_, long sinceMs)
            ? Math.max(behindMs, nowMs - sinceMs)
            : behindMs,
        switch (now) {
          case Phase.Starting _ -> State.STARTING;
          case Phase.Capturing _ -> State.CAPTURING;
          case Phase.Waiting _ -> State.WAITING;
        },
        now instanceof Phase.Waiting(String missing, _) ? Optional.of(missing) : Optional.empty(),
        positionKeptMs);
  }
}
