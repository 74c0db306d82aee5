package io.spendwatch.ops.deadletters;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.deadletters.LetterLog.Stretch;
import io.spendwatch.ops.records.Cursor;
import io.spendwatch.ops.records.Page;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * The dead-letter topics. Thread-safe: each call has a Kafka client of its own, blocks until it has
 * its answer, and throws {@link OperatorException} where Kafka gives none.
 */
public final class DeadLetterTopics {
  private static final String KIND = "dead-letters";

  /** Offsets that are looked at for a page. */
  private static final int SCANNED_MAX = 20_000;

  /** A partition of the first or the second topic, and before which offset. */
  private static final Pattern PLACE = Pattern.compile("([tb])(\\d{1,9})=(\\d{1,18})");

  private final KafkaConfig config;
  private final Topics topics;

  /** Nothing is opened yet. */
  public DeadLetterTopics(KafkaConfig config) {
    this.config = config;
    this.topics = config.topics();
  }

  /**
   * Gives on each letter that was put aside in a stretch of time, as the record that it is; those
   * of a partition in the order of their offsets.
   *
   * @param from the first moment, by the records' timestamps
   * @param to the end, not included
   */
  public void read(Instant from, Instant to, Consumer<ConsumerRecord<byte[], byte[]>> each) {
    try (LetterLog log = LetterLog.open(config)) {
      List<TopicPartition> partitions =
          names().stream().flatMap(topic -> log.partitions(topic).stream()).toList();
      // Timestamps need not grow with the offsets: up to the end, and each is looked at.
      log.read(
          log.stretches(partitions, from, null),
          record -> {
            if (DeadLetter.isLetter(record)
                && record.timestamp() >= from.toEpochMilli()
                && record.timestamp() < to.toEpochMilli()) {
              each.accept(record);
            }
          });
    }
  }

  /** Their names. */
  public List<String> names() {
    return List.of(topics.transactionsDeadLetters(), topics.balancesDeadLetters());
  }

  /** Where the letters of this topic came from; empty for a topic without letters. */
  public Optional<String> sourceOf(String topic) {
    if (topic.equals(topics.transactionsDeadLetters())) {
      return Optional.of(topics.transactions());
    }
    return topic.equals(topics.balancesDeadLetters())
        ? Optional.of(topics.balances())
        : Optional.empty();
  }

  /**
   * Looks at what is asked for, without asking Kafka.
   *
   * @param cursor null for none
   * @throws IllegalArgumentException for a cursor of something else, and for a topic without
   *     letters
   */
  public void check(LetterQuery query, String cursor) {
    if (query.topic() != null && sourceOf(query.topic()).isEmpty()) {
      throw new IllegalArgumentException("topic: expected: " + String.join(" or ", names()));
    }
    if (cursor != null) {
      var _ = places(cursor);
    }
  }

  /**
   * A page of letters, by when they were put aside, the newest first; those of a partition in the
   * order of their offsets. It may have few letters, or none, and still a next one, where a search
   * has looked at as many records as a page may.
   *
   * @param cursor of the page; null for the first one
   * @throws IllegalArgumentException for a cursor of something else, and for a topic without
   *     letters
   */
  public Page<DeadLetter> list(LetterQuery query, int limit, String cursor) {
    check(query, cursor);
    Map<TopicPartition, Long> before = cursor == null ? null : places(cursor);
    try (LetterLog log = LetterLog.open(config)) {
      var reader = new BackwardsReader(log, query, stretches(log, query, before));
      List<DeadLetter> letters = new ArrayList<>();
      while (letters.size() < limit) {
        DeadLetter letter = reader.next(SCANNED_MAX);
        if (letter == null) {
          break;
        }
        letters.add(letter);
      }
      Map<TopicPartition, Long> places = reader.places();
      boolean isLast =
          places.isEmpty() || (reader.next(SCANNED_MAX) == null && reader.places().isEmpty());
      return new Page<>(letters, isLast ? null : cursor(places));
    }
  }

  private Map<TopicPartition, Stretch> stretches(
      LetterLog log, LetterQuery query, Map<TopicPartition, Long> before) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : query.topic() == null ? names() : List.of(query.topic())) {
      partitions.addAll(log.partitions(topic));
    }
    Map<TopicPartition, Stretch> stretches = log.stretches(partitions, query.from(), query.to());
    if (before != null) {
      stretches.replaceAll(
          (partition, there) ->
              new Stretch(there.from(), Math.min(there.to(), before.getOrDefault(partition, 0L))));
    }
    return stretches;
  }

  /**
   * One letter, whole, and whether it has been put back; empty where there is none.
   *
   * @param place may be anywhere
   */
  public Optional<DeadLetterContent> find(LetterPlace place) {
    if (sourceOf(place.topic()).isEmpty()) {
      return Optional.empty();
    }
    try (LetterLog log = LetterLog.open(config)) {
      return log.at(place)
          .filter(DeadLetter::isLetter)
          .map(record -> DeadLetterContent.of(record, replayedTo(log, place)));
    }
  }

  private static String replayedTo(LetterLog log, LetterPlace place) {
    TopicPartition partition = new TopicPartition(place.topic(), place.partition());
    long end = log.stretches(List.of(partition), null, null).get(partition).to();
    return marks(log, partition, new Stretch(place.offset() + 1, end)).get(place.offset());
  }

  /** By offset of the letter, where it is now: of those that a stretch says have been put back. */
  static Map<Long, String> marks(LetterLog log, TopicPartition partition, Stretch stretch) {
    Map<Long, String> marks = new HashMap<>();
    log.read(
        Map.of(partition, stretch),
        record -> {
          Long offset = DeadLetter.number(record, DeadLetters.REPLAYED);
          if (offset != null) {
            marks.put(offset, markedPlace(record));
          }
        });
    return marks;
  }

  private static String markedPlace(ConsumerRecord<byte[], byte[]> mark) {
    String to = DeadLetter.text(mark, DeadLetters.REPLAYED_TO);
    return to == null ? "" : to;
  }

  private String cursor(Map<TopicPartition, Long> places) {
    List<String> words = new ArrayList<>();
    places.forEach(
        (partition, offset) ->
            words.add(
                (partition.topic().equals(topics.transactionsDeadLetters()) ? "t" : "b")
                    + partition.partition()
                    + "="
                    + offset));
    return Cursor.of(KIND, String.join(",", words));
  }

  private Map<TopicPartition, Long> places(String cursor) {
    Map<TopicPartition, Long> places = new HashMap<>();
    for (String word : Cursor.place(KIND, cursor).split(",", -1)) {
      Matcher place = PLACE.matcher(word);
      if (!place.matches()) {
        throw Cursor.unknown();
      }
      String topic =
          place.group(1).equals("t")
              ? topics.transactionsDeadLetters()
              : topics.balancesDeadLetters();
      places.put(
          new TopicPartition(topic, Integer.parseInt(place.group(2))),
          Long.parseLong(place.group(3)));
    }
    return places;
  }
}
