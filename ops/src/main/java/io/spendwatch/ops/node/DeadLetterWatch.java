package io.spendwatch.ops.node;

import io.spendwatch.ops.config.DeadLettersConfig;
import io.spendwatch.ops.metrics.DeadLetterUsers;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.life.PartitionStatus;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says once an interval where many records are put aside, and what is wrong with most of them: one
 * by one they would drown the log, and not at all nobody would notice. Thread-safe.
 */
final class DeadLetterWatch {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterWatch.class);

  /** That are named; further ones are counted. */
  private static final int USERS_MAX = 5;

  private final Supplier<List<PartitionStatus>> partitions;
  private final LongFunction<List<DeadLetterUsers.Letters>> takeUsersAbove;
  private final DeadLettersConfig config;
  private Map<TopicPartition, Map<DeadLetterReason, Long>> before = Map.of();
  private volatile List<String> floods = List.of();
  private volatile int usersAbove;

  /**
   * @param partitions that this node consumes now; cheap
   * @param takeUsersAbove those with more letters than this since it was last asked, most first
   */
  DeadLetterWatch(
      Supplier<List<PartitionStatus>> partitions,
      LongFunction<List<DeadLetterUsers.Letters>> takeUsersAbove,
      DeadLettersConfig config) {
    this.partitions = partitions;
    this.takeUsersAbove = takeUsersAbove;
    this.config = config;
  }

  /** Looks with each interval until cancelled. */
  Cancellable start(ActorSystem<?> system) {
    return PeriodicWork.start(
        system,
        "The look at the dead letters",
        config.interval(),
        config.interval(),
        config.interval(),
        () -> {
          look();
          return CompletableFuture.completedFuture(null);
        });
  }

  /** Of the last interval, for people; empty where there was none. */
  List<String> floods() {
    return floods;
  }

  /** Users with more letters than is normal, within the last interval. */
  int usersAbove() {
    return usersAbove;
  }

  synchronized void look() {
    Map<TopicPartition, Map<DeadLetterReason, Long>> now = new HashMap<>();
    Map<String, Map<DeadLetterReason, Long>> rises = new TreeMap<>();
    for (PartitionStatus partition : partitions.get()) {
      var source = new TopicPartition(partition.topic(), partition.partition());
      now.put(source, partition.deadLettersByReason());
      Map<DeadLetterReason, Long> counted = before.getOrDefault(source, Map.of());
      Map<DeadLetterReason, Long> rise =
          rises.computeIfAbsent(partition.topic(), _ -> new EnumMap<>(DeadLetterReason.class));
      partition
          .deadLettersByReason()
          .forEach(
              (reason, letters) ->
                  rise.merge(reason, rise(letters, counted.get(reason)), Long::sum));
    }
    before = now;
    List<String> found = new ArrayList<>();
    rises.forEach((topic, rise) -> flood(topic, rise, found));
    List<DeadLetterUsers.Letters> above = takeUsersAbove.apply(config.userNormalMax());
    users(above, found);
    usersAbove = above.size();
    floods = List.copyOf(found);
  }

  /** One line of the log, whoever they are and however many: the letters have the rest. */
  private void users(List<DeadLetterUsers.Letters> above, List<String> found) {
    if (above.isEmpty()) {
      return;
    }
    for (DeadLetterUsers.Letters user : above.subList(0, Math.min(USERS_MAX, above.size()))) {
      found.add(
          String.format(
              Locale.ROOT,
              "%s: %,d dead letters of user \"%s\" in %,d s",
              user.topic(),
              user.atLeast(),
              user.userId(),
              config.interval().toSeconds()));
    }
    if (above.size() > USERS_MAX) {
      found.add(
          String.format(
              Locale.ROOT, "%,d more users with many dead letters", above.size() - USERS_MAX));
    }
    DeadLetterUsers.Letters most = above.getFirst();
    LOG.atWarn()
        .addKeyValue("topic", most.topic())
        .addKeyValue("user", most.userId())
        .addKeyValue("deadLetters", most.atLeast())
        .addKeyValue("seconds", config.interval().toSeconds())
        .addKeyValue("users", above.size())
        .log("Many bad records of one user, whose window lacks them");
  }

  /** A partition that has come back counts from zero. */
  private static long rise(long now, Long counted) {
    return counted == null || counted > now ? now : now - counted;
  }

  private void flood(String topic, Map<DeadLetterReason, Long> rise, List<String> found) {
    long letters = rise.values().stream().mapToLong(Long::longValue).sum();
    if (letters <= config.normalMax()) {
      return;
    }
    Map.Entry<DeadLetterReason, Long> most =
        rise.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();
    found.add(
        String.format(
            Locale.ROOT,
            "%s: %,d dead letters in %,d s, of which %,d %s",
            topic,
            letters,
            config.interval().toSeconds(),
            most.getValue(),
            most.getKey()));
    LOG.atWarn()
        .addKeyValue("topic", topic)
        .addKeyValue("deadLetters", letters)
        .addKeyValue("seconds", config.interval().toSeconds())
        .addKeyValue("mainReason", most.getKey())
        .addKeyValue("ofMainReason", most.getValue())
        .log("Many bad records; what is wrong with each is in the headers of its dead letter");
  }
}
