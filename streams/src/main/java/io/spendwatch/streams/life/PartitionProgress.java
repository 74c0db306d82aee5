package io.spendwatch.streams.life;

import io.spendwatch.streams.life.PartitionStatus.State;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongPredicate;
import org.apache.kafka.common.TopicPartition;

/**
 * How far one assigned partition is, through all lives of its pipeline. Written by whoever makes
 * the progress, read by any thread.
 */
public final class PartitionProgress {
  private static final long UNKNOWN = 0;

  private final TopicPartition source;
  private final LongAdder transactions = new LongAdder();
  private final LongAdder alerts = new LongAdder();
  private final LongAdder deadLetters = new LongAdder();
  private final LongAdder internalErrors = new LongAdder();
  private final LongAdder duplicates = new LongAdder();
  private final LongAdder restarts = new LongAdder();
  private final AtomicLong lastEventTimeMs = new AtomicLong(Long.MIN_VALUE);
  private volatile State state = State.STARTING;
  private volatile String waitingFor;
  private volatile long epoch;
  private volatile long layoutVersion = UNKNOWN;
  private volatile long position = -1;
  private volatile long published = -1;
  private volatile long end = -1;
  private volatile boolean hasRead;
  private volatile long lastRecordMs;
  private volatile long readToEndMs = Long.MIN_VALUE;
  private volatile int usersAwake;

  public PartitionProgress(TopicPartition source, long nowMs) {
    this.source = source;
    this.lastRecordMs = nowMs;
  }

  public void is(State now) {
    state = now;
    if (now != State.RUNNING) {
      usersAwake = 0;
    }
    if (now != State.STOPPED) {
      waitingFor = null;
    }
  }

  /** What is waited for, or null when it is there again. */
  public void waitsFor(String what) {
    waitingFor = what;
  }

  /**
   * The partition is ours.
   *
   * @param writtenAtMs wall clock of the last write, by whichever node: unless something has been
   *     read since the assignment, the partition has been idle since then
   */
  public void claimed(long newEpoch, OptionalLong writtenAtMs) {
    epoch = newEpoch;
    if (!hasRead && writtenAtMs.isPresent()) {
      lastRecordMs = Math.min(lastRecordMs, writtenAtMs.getAsLong());
    }
  }

  /** The layout of the topic under which the life works; {@value #UNKNOWN} until its claim. */
  public void worksUnder(long newLayoutVersion) {
    layoutVersion = newLayoutVersion;
  }

  /** Whether the life works under a layout that this says is outdated. */
  public boolean isOutdated(LongPredicate outdated) {
    long version = layoutVersion;
    return version != UNKNOWN && outdated.test(version);
  }

  public void restarted() {
    restarts.increment();
    layoutVersion = UNKNOWN;
  }

  public void startsAt(long offset) {
    position = offset;
    published = offset;
  }

  public void read(long newPosition, long nowMs) {
    hasRead = true;
    position = newPosition;
    lastRecordMs = nowMs;
  }

  /** So many records lie behind what has been read. */
  public void unread(long records) {
    end = position + records;
  }

  /** At this moment the partition held nothing that had not been read. */
  public void readToEnd(long atMs) {
    readToEndMs = atMs;
    end = position;
  }

  /** Whether everything that the partition held at some moment since then has been read. */
  public boolean isReadToEndSince(long sinceMs) {
    return readToEndMs > sinceMs;
  }

  /** Offset of the next record to read. */
  public long position() {
    return position;
  }

  /** So many users are in memory. */
  public void awake(int users) {
    usersAwake = users;
  }

  public void judged(long eventTimeMs) {
    lastEventTimeMs.set(eventTimeMs);
  }

  public void wrote(long rows, long duplicateRecords) {
    transactions.add(rows);
    duplicates.add(duplicateRecords);
  }

  /**
   * All before this offset is durable, and what came of it is visible.
   *
   * @param newInternalErrors of the dead letters: those that are our own fault
   */
  public void published(
      long nextOffset, long newAlerts, long newDeadLetters, long newInternalErrors) {
    published = nextOffset;
    alerts.add(newAlerts);
    deadLetters.add(newDeadLetters);
    internalErrors.add(newInternalErrors);
  }

  /**
   * For how long the partition is known to have had nothing to read, milliseconds; 0 unless that is
   * longer than {@code idleAfter}. Without word from Kafka it stands still: what we cannot see may
   * hold records.
   */
  public long idleMs(Duration idleAfter) {
    long idleMs = readToEndMs - lastRecordMs;
    return readToEndMs != Long.MIN_VALUE && idleMs > idleAfter.toMillis() ? idleMs : 0;
  }

  public PartitionStatus status() {
    String waiting = waitingFor;
    State shown = state == State.RUNNING && waiting != null ? State.WAITING : state;
    return new PartitionStatus(
        source.topic(),
        source.partition(),
        shown,
        epoch,
        position,
        end < 0 ? -1 : Math.max(0, end - published),
        lastEventTimeMs.get(),
        lastRecordMs,
        usersAwake,
        waiting,
        transactions.sum(),
        alerts.sum(),
        deadLetters.sum(),
        internalErrors.sum(),
        duplicates.sum(),
        restarts.sum());
  }
}
