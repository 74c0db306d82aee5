package io.spendwatch.ops.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.deadletters.LetterLog.Stretch;
import io.spendwatch.ops.deadletters.Replay.Outcome;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Puts letters back to their source topics, each once. Thread-safe: each call has Kafka clients of
 * its own, blocks until it is done, and throws {@link OperatorException} where Kafka does not
 * answer.
 *
 * <p>In one Kafka transaction the record goes to the source topic and a mark that says so to the
 * letter's own partition: there is never one without the other. Whoever replays letters of a
 * partition first ends what others have begun (they have one transactional id) and then looks for
 * marks, up to what is written by then: of two who do it at once, one finds the other's mark, or
 * fences the other. The mark comes after the letter in its partition, so it stays as long.
 */
public final class Replays {
  /** Letters of one transaction. */
  private static final int AT_ONCE = 100;

  private final KafkaConfig config;
  private final DeadLetterTopics topics;

  /** Nothing is opened yet. */
  public Replays(KafkaConfig config) {
    this.config = config;
    this.topics = new DeadLetterTopics(config);
  }

  /** A letter that is about to go back. */
  private record Due(LetterPlace place, ConsumerRecord<byte[], byte[]> letter) {}

  /**
   * Puts these back, those of a partition in the order of their offsets.
   *
   * @return one for each letter, in the order of their places
   */
  public List<Replay> replay(Collection<LetterPlace> letters) {
    return eachPartition(letters, this::replay);
  }

  /** What {@link #replay} would come to; changes nothing. */
  public List<Replay> rehearse(Collection<LetterPlace> letters) {
    return eachPartition(
        letters,
        (partition, offsets) -> {
          try (LetterLog log = LetterLog.open(config);
              Admin admin = Admin.create(config.clientProperties())) {
            List<Replay> replays = new ArrayList<>();
            due(log, admin, partition, offsets, replays)
                .forEach(
                    due ->
                        replays.add(
                            Replay.of(
                                due.place(),
                                Outcome.WOULD_BE_REPLAYED,
                                null,
                                "to topic " + source(partition))));
            return replays;
          }
        });
  }

  private interface Work {
    List<Replay> on(TopicPartition partition, Collection<Long> offsets);
  }

  private List<Replay> eachPartition(Collection<LetterPlace> letters, Work work) {
    Map<String, TopicPartition> partitions = new TreeMap<>();
    Map<TopicPartition, Set<Long>> offsets = new HashMap<>();
    List<Replay> replays = new ArrayList<>();
    letters.stream()
        .sorted(Comparator.comparingLong(LetterPlace::offset))
        .forEach(
            place -> {
              var partition = new TopicPartition(place.topic(), place.partition());
              partitions.put(partition.toString(), partition);
              offsets.computeIfAbsent(partition, _ -> new LinkedHashSet<>()).add(place.offset());
            });
    for (TopicPartition partition : partitions.values()) {
      if (topics.sourceOf(partition.topic()).isEmpty()) {
        offsets.get(partition).forEach(offset -> replays.add(notThere(place(partition, offset))));
      } else {
        List<Replay> done = new ArrayList<>(work.on(partition, offsets.get(partition)));
        done.sort(Comparator.comparingLong(replay -> LetterPlace.parse(replay.letter()).offset()));
        replays.addAll(done);
      }
    }
    return replays;
  }

  private List<Replay> replay(TopicPartition partition, Collection<Long> offsets) {
    try (LetterLog log = LetterLog.open(config);
        Admin admin = Admin.create(config.clientProperties());
        var producer = new KafkaProducer<byte[], byte[]>(producerProperties(partition))) {
      // Ends what somebody else has begun, so that it is marked by now or never will be.
      producer.initTransactions();
      List<Replay> replays = new ArrayList<>();
      List<Due> due = due(log, admin, partition, offsets, replays);
      int partitions = log.partitions(source(partition)).size();
      for (int from = 0; from < due.size(); from += AT_ONCE) {
        replays.addAll(
            putBack(producer, due.subList(from, Math.min(due.size(), from + AT_ONCE)), partitions));
      }
      return replays;
    } catch (KafkaException e) {
      throw LetterLog.failure(config, e);
    }
  }

  /** Those that can go back; what is to be said of the others is added. */
  private List<Due> due(
      LetterLog log,
      Admin admin,
      TopicPartition partition,
      Collection<Long> offsets,
      List<Replay> others) {
    Map<Long, ConsumerRecord<byte[], byte[]>> letters = new HashMap<>();
    for (long offset : offsets) {
      log.at(place(partition, offset))
          .filter(DeadLetter::isLetter)
          .ifPresent(letter -> letters.put(offset, letter));
    }
    Map<Long, String> marks =
        letters.isEmpty()
            ? Map.of()
            : DeadLetterTopics.marks(
                log,
                partition,
                new Stretch(
                    letters.keySet().stream().mapToLong(Long::longValue).min().getAsLong(),
                    log.writtenEnd(admin, partition)));
    List<Due> due = new ArrayList<>();
    for (long offset : offsets) {
      LetterPlace place = place(partition, offset);
      ConsumerRecord<byte[], byte[]> letter = letters.get(offset);
      if (letter == null) {
        others.add(notThere(place));
      } else if (marks.containsKey(offset)) {
        String to = marks.get(offset);
        others.add(
            Replay.of(
                place, Outcome.ALREADY_REPLAYED, to, "it has been put back before, to " + to));
      } else if (letter.headers().lastHeader(DeadLetters.MASKED) != null) {
        others.add(
            Replay.of(
                place,
                Outcome.INCOMPLETE,
                null,
                "a card number in it is masked; have it sent again without it. The original is at "
                    + original(DeadLetter.of(letter).source())));
      } else if (letter.headers().lastHeader(DeadLetters.VALUE_OMITTED) != null) {
        others.add(
            Replay.of(
                place,
                Outcome.INCOMPLETE,
                null,
                "its value was too large to be kept; the original is at "
                    + original(DeadLetter.of(letter).source())));
      } else {
        due.add(new Due(place, letter));
      }
    }
    return due;
  }

  private static String original(DeadLetter.Source source) {
    return source.topic() + "/" + source.partition() + "/" + source.offset();
  }

  private List<Replay> putBack(
      KafkaProducer<byte[], byte[]> producer, List<Due> due, int partitions) {
    producer.beginTransaction();
    try {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      due.forEach(one -> sent.add(producer.send(record(one, partitions))));
      producer.flush();
      List<Replay> replays = new ArrayList<>();
      List<Future<RecordMetadata>> marked = new ArrayList<>();
      for (int i = 0; i < due.size(); i++) {
        RecordMetadata at = sent.get(i).get();
        LetterPlace to = new LetterPlace(at.topic(), at.partition(), at.offset());
        marked.add(producer.send(mark(due.get(i), to)));
        replays.add(
            Replay.of(due.get(i).place(), Outcome.REPLAYED, to.toString(), "it has been put back"));
      }
      producer.commitTransaction();
      for (Future<RecordMetadata> mark : marked) {
        var _ = mark.get();
      }
      return replays;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    } catch (ExecutionException e) {
      producer.abortTransaction();
      throw LetterLog.failure(config, e);
    }
  }

  private ProducerRecord<byte[], byte[]> record(Due due, int partitions) {
    ConsumerRecord<byte[], byte[]> letter = due.letter();
    Headers headers = new RecordHeaders();
    Set<String> ours =
        new HashSet<>(
            List.of(
                DeadLetters.REASON,
                DeadLetters.MESSAGE,
                DeadLetters.TOPIC,
                DeadLetters.PARTITION,
                DeadLetters.OFFSET,
                DeadLetters.TIMESTAMP,
                DeadLetters.REPLAY_OF));
    for (Header header : letter.headers()) {
      if (!ours.contains(header.key())) {
        headers.add(header);
      }
    }
    headers.add(DeadLetters.REPLAY_OF, due.place().toString().getBytes(UTF_8));
    return new ProducerRecord<>(
        source(new TopicPartition(letter.topic(), letter.partition())),
        home(letter, partitions),
        letter.key(),
        letter.value(),
        headers);
  }

  /** Where its key belongs by now; without a key, where it was. */
  private Integer home(ConsumerRecord<byte[], byte[]> letter, int partitions) {
    if (letter.key() != null) {
      return config.partitioner().partitionOf(letter.key(), partitions);
    }
    return Optional.ofNullable(DeadLetter.of(letter).source().partition())
        .filter(partition -> partition >= 0 && partition < partitions)
        .orElse(null);
  }

  private static ProducerRecord<byte[], byte[]> mark(Due due, LetterPlace to) {
    Headers headers = new RecordHeaders();
    headers.add(DeadLetters.REPLAYED, Long.toString(due.place().offset()).getBytes(UTF_8));
    headers.add(DeadLetters.REPLAYED_TO, to.toString().getBytes(UTF_8));
    return new ProducerRecord<>(
        due.place().topic(), due.place().partition(), due.letter().key(), null, headers);
  }

  private Map<String, Object> producerProperties(TopicPartition partition) {
    Map<String, Object> properties = new HashMap<>(config.producerProperties(0));
    properties.put(ProducerConfig.CLIENT_ID_CONFIG, config.nodeId() + "-replays");
    properties.put(
        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
        config.groupId() + "/dead-letters/" + partition.topic() + "/" + partition.partition());
    return properties;
  }

  private String source(TopicPartition partition) {
    return topics.sourceOf(partition.topic()).orElseThrow();
  }

  private static LetterPlace place(TopicPartition partition, long offset) {
    return new LetterPlace(partition.topic(), partition.partition(), offset);
  }

  private static Replay notThere(LetterPlace place) {
    return Replay.of(place, Outcome.NOT_THERE, null, "there is no such letter");
  }
}
