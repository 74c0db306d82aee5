package io.spendwatch.streams.publish;

import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.TopicWatch;
import io.spendwatch.streams.life.PartitionLine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What cannot be published for the moment because of a topic that its records go to, so that all
 * others can be: whole source partitions, since their offsets are committed in order.
 *
 * <pre>
 *   free ──a topic is missing, takes nothing, or does not take one of its records──▶ held
 *    ▲                                                                                │ tried alone, with growing pauses
 *    └───────────────────── all that it had waiting is published ◀────────────────────┘
 * </pre>
 *
 * Each partition's waiting publications are bounded by {@code unpublished-batches-max}. Confined to
 * the publisher's thread.
 */
final class HeldBack {
  private static final Logger LOG = LoggerFactory.getLogger(HeldBack.class);

  private record Trouble(String reason, int failures, long nextTryNanos) {}

  private final TopicWatch topics;
  private final BackOff backOff;
  private final Timekeeper time;
  private final SequencedMap<TopicPartition, Deque<Publication>> waiting = new LinkedHashMap<>();
  private final Map<String, Trouble> ofTopics = new HashMap<>();

  /** Of partitions with a record that does not fit its topic. */
  private final Map<TopicPartition, Trouble> ofPartitions = new HashMap<>();

  HeldBack(TopicWatch topics, BackOff backOff, Timekeeper time) {
    this.topics = topics;
    this.backOff = backOff;
    this.time = time;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Takes it where it has to wait. */
  boolean takes(Publication publication) {
    Deque<Publication> before = waiting.get(publication.source());
    if (before == null && reason(publication).isEmpty()) {
      return false;
    }
    if (before == null) {
      if (topics.failure().isPresent() || !topics.ids().isEmpty()) {
        PartitionLine.about(publication.source(), LOG.atWarn())
            .addKeyValue("waitingFor", reason(publication).orElseThrow())
            .log("Waits");
      }
      before = new ArrayDeque<>();
      waiting.put(publication.source(), before);
    }
    before.add(publication);
    return true;
  }

  /**
   * Takes those that come before what is waiting of their partitions, and could not be published.
   *
   * @return the others, in order
   */
  List<Publication> takeBefore(List<Publication> unpublished) {
    List<Publication> others = new ArrayList<>();
    for (Publication publication : unpublished.reversed()) {
      Deque<Publication> later = waiting.get(publication.source());
      if (later == null) {
        others.addFirst(publication);
      } else {
        later.addFirst(publication);
      }
    }
    return others;
  }

  /** Topics, or records of their own that do not fit, are why these are not published. */
  void blame(TransactionOutcome.Refused refused, List<Publication> unpublished) {
    refused
        .topics()
        .forEach((topic, reason) -> ofTopics.merge(topic, trouble(reason, 1), this::again));
    Map<ProducerRecord<byte[], byte[]>, String> unfit = refused.unfit();
    for (Publication publication : unpublished) {
      for (ProducerRecord<byte[], byte[]> record : publication.records()) {
        if (unfit.containsKey(record)) {
          String reason =
              String.format(Locale.ROOT, "Kafka: topic %s: %s", record.topic(), unfit.get(record));
          ofPartitions.merge(publication.source(), trouble(reason, 1), this::again);
        }
      }
    }
  }

  private Trouble again(Trouble before, Trouble now) {
    return trouble(now.reason(), before.failures() + 1);
  }

  private Trouble trouble(String reason, int failures) {
    long pauseNanos = backOff.delayMs(failures, time.random()) * 1_000_000;
    return new Trouble(reason, failures, time.nanoTime() + pauseNanos);
  }

  /**
   * What of one partition may be tried now, in order; the partition that was tried last comes last.
   */
  List<Publication> due(int atMost) {
    long nowNanos = time.nanoTime();
    for (Map.Entry<TopicPartition, Deque<Publication>> held : waiting.entrySet()) {
      if (isDue(held.getKey(), held.getValue(), nowNanos)) {
        List<Publication> due = held.getValue().stream().limit(atMost).toList();
        waiting.putLast(held.getKey(), held.getValue());
        return due;
      }
    }
    return List.of();
  }

  private boolean isDue(TopicPartition source, Deque<Publication> held, long nowNanos) {
    Trouble own = ofPartitions.get(source);
    if (own != null && own.nextTryNanos() - nowNanos > 0) {
      return false;
    }
    for (String topic : topicsOf(held)) {
      Trouble trouble = ofTopics.get(topic);
      if (missing(topic).isPresent()
          || (trouble != null && trouble.nextTryNanos() - nowNanos > 0)) {
        return false;
      }
    }
    return true;
  }

  /** They are published: their topics take records, and who has nothing left to wait is free. */
  void published(List<Publication> done) {
    TopicPartition source = done.getFirst().source();
    topicsOf(done).forEach(ofTopics::remove);
    ofPartitions.remove(source);
    remove(source, done);
    if (!waiting.containsKey(source)) {
      done.getFirst().life().progress().goesOn();
      PartitionLine.about(source, LOG.atInfo()).log("Goes on");
    }
  }

  /** They are over, one way or the other. */
  void remove(TopicPartition source, List<Publication> over) {
    Deque<Publication> left =
        waiting.computeIfPresent(
            source,
            (_, held) -> {
              held.removeAll(over);
              return held.isEmpty() ? null : held;
            });
    if (left == null) {
      ofPartitions.remove(source);
    }
  }

  void replace(UnaryOperator<Publication> change) {
    waiting.replaceAll((_, held) -> new ArrayDeque<>(held.stream().map(change).toList()));
  }

  /**
   * Takes out those whose life has ended; tells the others, by their partition, what they wait for.
   */
  List<Publication> withoutEnded() {
    List<Publication> ended = new ArrayList<>();
    for (Map.Entry<TopicPartition, Deque<Publication>> held : List.copyOf(waiting.entrySet())) {
      List<Publication> over =
          held.getValue().stream().filter(each -> !each.life().isLive()).toList();
      ended.addAll(over);
      remove(held.getKey(), over);
      if (waiting.containsKey(held.getKey())) {
        reason(held.getKey(), held.getValue())
            .ifPresent(held.getValue().getFirst().life().progress()::waitsFor);
      }
    }
    return ended;
  }

  /** All of them. */
  List<Publication> removeAll() {
    List<Publication> all = waiting.values().stream().flatMap(Deque::stream).toList();
    waiting.clear();
    ofPartitions.clear();
    return all;
  }

  private Optional<String> reason(Publication publication) {
    return reason(publication.source(), List.of(publication));
  }

  private Optional<String> reason(TopicPartition source, Iterable<Publication> publications) {
    for (String topic : topicsOf(publications)) {
      Optional<String> missing = missing(topic);
      Trouble trouble = ofTopics.get(topic);
      if (missing.isPresent()) {
        return missing;
      }
      if (trouble != null) {
        return Optional.of(
            String.format(Locale.ROOT, "Kafka: topic %s: %s", topic, trouble.reason()));
      }
    }
    return Optional.ofNullable(ofPartitions.get(source)).map(trouble -> trouble.reason());
  }

  /**
   * Why nothing may be sent there: the client would wait for the topic, and everybody with it.
   * Where nobody can say which topics there are, they are taken to be there.
   */
  private Optional<String> missing(String topic) {
    Optional<Map<String, String>> ids =
        topics.idsSince(time.millis() - Publisher.TOPICS_OLD.toMillis());
    if (ids.isEmpty()) {
      return topics.failure().isEmpty()
          ? Optional.of("Kafka: whether topic " + topic + " is there")
          : Optional.empty();
    }
    return ids.get().containsKey(topic)
        ? Optional.empty()
        : Optional.of("Kafka: topic " + topic + " is missing");
  }

  private static Set<String> topicsOf(Iterable<Publication> publications) {
    Set<String> topics = new HashSet<>();
    for (Publication publication : publications) {
      for (ProducerRecord<byte[], byte[]> record : publication.records()) {
        topics.add(record.topic());
      }
    }
    return topics;
  }
}
