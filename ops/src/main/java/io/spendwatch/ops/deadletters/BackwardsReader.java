package io.spendwatch.ops.deadletters;

import io.spendwatch.ops.deadletters.LetterLog.Stretch;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;

/**
 * Goes through several partitions at once, from their ends towards their beginnings, the newest
 * letter first: a log is read forwards only, so it reads a stretch of each and turns that round.
 * For one thread.
 */
final class BackwardsReader {
  /** Offsets of a partition that are read at once; of each only what is shown stays in memory. */
  private static final int STRETCH = 250;

  private final LetterLog log;
  private final LetterQuery query;
  private final Map<TopicPartition, Behind> partitions = new HashMap<>();
  private long scanned;

  /** A letter that matches, and when it was put aside, milliseconds since the epoch. */
  private record Found(DeadLetter letter, long atMs) {}

  /** What is left of a partition. */
  private static final class Behind {
    private final long from;

    /** All before it is not read yet. */
    private long to;

    /** Of what is read, the newest first. */
    private final Deque<Found> read = new ArrayDeque<>();

    Behind(Stretch stretch) {
      from = stretch.from();
      to = stretch.to();
    }

    boolean isToBeRead() {
      return read.isEmpty() && to > from;
    }

    /** What is shown is from here on. */
    long shownFrom() {
      return read.isEmpty() ? to : read.getFirst().letter().offset() + 1;
    }
  }

  BackwardsReader(LetterLog log, LetterQuery query, Map<TopicPartition, Stretch> stretches) {
    this.log = log;
    this.query = query;
    stretches.forEach((partition, stretch) -> partitions.put(partition, new Behind(stretch)));
  }

  /**
   * The next letter that matches; null where there is none, or where so many offsets have been
   * looked at without one.
   */
  DeadLetter next(long scannedMax) {
    while (partitions.values().stream().anyMatch(Behind::isToBeRead)) {
      if (scanned >= scannedMax) {
        return null;
      }
      readOn();
    }
    Behind newest = null;
    for (Behind behind : partitions.values()) {
      if (!behind.read.isEmpty()
          && (newest == null || isNewer(behind.read.getFirst(), newest.read.getFirst()))) {
        newest = behind;
      }
    }
    return newest == null ? null : newest.read.removeFirst().letter();
  }

  private static boolean isNewer(Found one, Found other) {
    return one.atMs() != other.atMs()
        ? one.atMs() > other.atMs()
        : one.letter().place().toString().compareTo(other.letter().place().toString()) > 0;
  }

  private void readOn() {
    Map<TopicPartition, Stretch> stretches = new HashMap<>();
    partitions.forEach(
        (partition, behind) -> {
          if (behind.isToBeRead()) {
            Stretch stretch = new Stretch(Math.max(behind.from, behind.to - STRETCH), behind.to);
            stretches.put(partition, stretch);
            behind.to = stretch.from();
            scanned += stretch.to() - stretch.from();
          }
        });
    log.read(
        stretches,
        record -> {
          DeadLetter letter = DeadLetter.of(record);
          if (DeadLetter.isLetter(record) && query.matches(letter, record.timestamp())) {
            partitions
                .get(new TopicPartition(record.topic(), record.partition()))
                .read
                .addFirst(new Found(letter, record.timestamp()));
          }
        });
  }

  /** Before which offset each partition is to be gone on with; nothing for those that are done. */
  Map<TopicPartition, Long> places() {
    Map<TopicPartition, Long> places =
        new TreeMap<>(
            (one, other) -> {
              int topics = one.topic().compareTo(other.topic());
              return topics != 0 ? topics : Integer.compare(one.partition(), other.partition());
            });
    partitions.forEach(
        (partition, behind) -> {
          if (behind.shownFrom() > behind.from) {
            places.put(partition, behind.shownFrom());
          }
        });
    return places;
  }
}
