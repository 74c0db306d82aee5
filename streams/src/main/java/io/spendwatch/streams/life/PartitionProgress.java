package io.spendwatch.streams.life;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.life.PartitionStatus.State;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import io.spendwatch.streams.life.PipelineMetrics.Stage;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongPredicate;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * How far one assigned partition is, through all lives of its pipeline. Written by whoever makes
 * the progress, read by any thread. What it counts since the assignment, it tells the node's
 * metrics, which count it since the node's start.
 */
public final class PartitionProgress {
  private static final long UNKNOWN = 0;

  private final TopicPartition source;
  private final PipelineMetrics metrics;
  private final LongAdder transactions = new LongAdder();
  private final LongAdder alerts = new LongAdder();
  private final Map<DeadLetterReason, LongAdder> deadLetters = adders();
  private final LongAdder duplicates = new LongAdder();
  private final LongAdder restarts = new LongAdder();
  private final AtomicLong lastEventTimeMs = new AtomicLong(Long.MIN_VALUE);
  private final Backlog backlog = new Backlog();
  private volatile State state = State.STARTING;
  private volatile @Nullable String waitingFor;
  private volatile long epoch;
  private volatile long layoutVersion = UNKNOWN;
  private volatile long position = -1;
  private volatile long published = -1;
  private volatile long end = -1;
  private volatile boolean hasRead;
  private volatile long lastRecordMs;
  private volatile long readToEndMs = Long.MIN_VALUE;
  private volatile Awake awake = Awake.NOBODY;

  /** Users in memory, and what they take of it. */
  private record Awake(int users, long bytes) {
    static final Awake NOBODY = new Awake(0, 0);
  }

  public PartitionProgress(TopicPartition source, PipelineMetrics metrics, long nowMs) {
    this.source = source;
    this.metrics = metrics;
    this.lastRecordMs = nowMs;
  }

  public void is(State now) {
    state = now;
    if (now != State.RUNNING) {
      awake = Awake.NOBODY;
    }
    if (now != State.STOPPED) {
      waitingFor = null;
    }
  }

  /** Something is waited for; in place of what was before. */
  public void waitsFor(String what) {
    waitingFor = what;
  }

  /** What was waited for is there. */
  public void goesOn() {
    waitingFor = null;
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
    backlog.startsAt(offset);
  }

  /**
   * Records have been read.
   *
   * @param newPosition behind what has been read
   * @param firstTimestampMs of the first of it; negative where it has none
   */
  public void read(long newPosition, long firstTimestampMs, long nowMs) {
    hasRead = true;
    position = newPosition;
    lastRecordMs = nowMs;
    backlog.read(newPosition, firstTimestampMs < 0 ? nowMs : firstTimestampMs);
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

  /** So many users are in memory, and take so many bytes at most. */
  public void awake(int users, long bytes) {
    awake = new Awake(users, bytes);
  }

  public void assessed(long eventTimeMs) {
    lastEventTimeMs.set(eventTimeMs);
  }

  /** These rows are durable. */
  public void wrote(Map<Verdict, Long> rows, long duplicateRecords) {
    rows.forEach(
        (verdict, count) -> {
          transactions.add(count);
          metrics.stored(verdict, count);
        });
    if (duplicateRecords > 0) {
      duplicates.add(duplicateRecords);
      metrics.duplicates(duplicateRecords);
    }
  }

  /**
   * All before this offset is durable, and what came of it is visible.
   *
   * @param lastTimestampMs of the last record before it; negative where it is not known
   * @param newDeadLetters how many, by reason
   */
  public void published(
      long nextOffset,
      long lastTimestampMs,
      List<PublishedAlert> newAlerts,
      Map<DeadLetterReason, Integer> newDeadLetters,
      long nowMs) {
    published = nextOffset;
    if (lastTimestampMs >= 0) {
      backlog.published(nextOffset, lastTimestampMs);
    }
    alerts.add(newAlerts.size());
    newAlerts.forEach(alert -> metrics.alerted(alert.type(), alert.late(), alert.afterMs(nowMs)));
    newDeadLetters.forEach(
        (reason, letters) -> {
          Objects.requireNonNull(deadLetters.get(reason), "of each").add(letters);
          metrics.deadLetters(source.topic(), reason, letters);
        });
  }

  /** Of the dead letters that are visible now, so many are of each of these users. */
  public void putAside(Map<String, Integer> lettersByUser) {
    if (!lettersByUser.isEmpty()) {
      metrics.deadLetterUsers(source.topic(), lettersByUser);
    }
  }

  /** A batch has taken so long for a stage. */
  public void took(Stage stage, long nanos) {
    metrics.took(stage, nanos);
  }

  /** Something of it has to be tried again. */
  public void failedTry(Server server) {
    metrics.failedTry(server);
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
    Awake users = awake;
    State shown = state == State.RUNNING && waiting != null ? State.WAITING : state;
    return new PartitionStatus(
        source.topic(),
        source.partition(),
        shown,
        epoch,
        position,
        end < 0 ? -1 : Math.max(0, end - published),
        backlog.sinceMs(),
        lastEventTimeMs.get(),
        lastRecordMs,
        users.users(),
        users.bytes(),
        Optional.ofNullable(waiting),
        transactions.sum(),
        alerts.sum(),
        deadLetters(),
        duplicates.sum(),
        restarts.sum());
  }

  private Map<DeadLetterReason, Long> deadLetters() {
    Map<DeadLetterReason, Long> counted = new EnumMap<>(DeadLetterReason.class);
    deadLetters.forEach(
        (reason, letters) -> {
          if (letters.sum() > 0) {
            counted.put(reason, letters.sum());
          }
        });
    return counted;
  }

  private static Map<DeadLetterReason, LongAdder> adders() {
    Map<DeadLetterReason, LongAdder> adders = new EnumMap<>(DeadLetterReason.class);
    for (DeadLetterReason reason : DeadLetterReason.values()) {
      adders.put(reason, new LongAdder());
    }
    return adders;
  }
}
