package io.spendwatch.streams.quarantine;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.streams.life.Defect;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Which records of a partition may be what makes us fail, through all lives of its pipeline.
 *
 * <pre>
 *   trusted ──its batch failed──▶ suspect ──failed alone, tries-max times──▶ condemned
 *      ▲         (taken alone)       │      (not taken any more: a dead letter)   │
 *      └─────────────────────────────┴──────────── offset committed ◀────────────┘
 * </pre>
 *
 * Immutable. Bounded, since no life reads further beyond the committed offset than its batches and
 * queues allow.
 */
public final class Suspects {
  private final int triesMax;
  private final long firstOffset;
  private final long nextOffset;

  /** By offset. */
  private final SortedMap<Long, FailedAlone> failedAlone;

  private record FailedAlone(int tries, String lastFailure) {
    FailedAlone again(FailedAlone later) {
      return new FailedAlone(tries + later.tries, later.lastFailure);
    }
  }

  private Suspects(
      int triesMax, long firstOffset, long nextOffset, SortedMap<Long, FailedAlone> failedAlone) {
    this.triesMax = triesMax;
    this.firstOffset = firstOffset;
    this.nextOffset = nextOffset;
    this.failedAlone = failedAlone;
  }

  /**
   * Nobody is suspected.
   *
   * @param triesMax how often a record must have failed alone to be condemned
   */
  public static Suspects none(int triesMax) {
    return new Suspects(triesMax, 0, 0, Collections.emptySortedMap());
  }

  /** With what this failure says. */
  public Suspects after(Defect defect) {
    boolean isFirst = nextOffset <= firstOffset;
    SortedMap<Long, FailedAlone> failed = new TreeMap<>(failedAlone);
    if (defect.isAlone()) {
      failed.merge(
          defect.firstOffset(),
          new FailedAlone(1, String.valueOf(defect.getMessage())),
          FailedAlone::again);
    }
    return new Suspects(
        triesMax,
        isFirst ? defect.firstOffset() : Math.min(firstOffset, defect.firstOffset()),
        isFirst ? defect.nextOffset() : Math.max(nextOffset, defect.nextOffset()),
        failed);
  }

  /** Without what lies before the committed offset. */
  public Suspects from(long offset) {
    return new Suspects(
        triesMax,
        Math.max(firstOffset, offset),
        nextOffset,
        new TreeMap<>(failedAlone.tailMap(offset)));
  }

  /** Whether the record is to be taken alone. */
  boolean contains(long offset) {
    return offset >= firstOffset && offset < nextOffset;
  }

  /** Whether the record is not to be taken any more. */
  public boolean isCondemned(long offset) {
    return triesOf(offset) >= triesMax;
  }

  /** How often the record has failed alone. */
  public int triesOf(long offset) {
    FailedAlone failed = failedAlone.get(offset);
    return failed == null ? 0 : failed.tries;
  }

  /** Decodes, but for what is condemned. */
  public <T> Function<ConsumerRecord<byte[], byte[]>, Decoded<T>> orElse(
      Function<ConsumerRecord<byte[], byte[]>, Decoded<T>> decoder) {
    return record -> {
      FailedAlone failed = failedAlone.get(record.offset());
      return failed != null && failed.tries >= triesMax
          ? new Decoded.Rejected<>(DeadLetterReason.INTERNAL_ERROR, failed.lastFailure)
          : decoder.apply(record);
    };
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "suspects [%d, %d), failed alone: %s",
        firstOffset,
        nextOffset,
        Map.copyOf(failedAlone));
  }
}
