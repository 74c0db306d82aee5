package io.spendwatch.ops.doctor;

import static java.util.stream.Collectors.joining;

import io.spendwatch.protocol.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.kafka.common.config.TopicConfig;

/**
 * Holds the topics against what the guarantees need of them. Stateless; asks nobody.
 *
 * @param brokers that the cluster has now
 * @param names in force
 * @param topics those that are there, by name; internal ones of Kafka, too
 */
record TopicChecks(int brokers, Topics names, Map<String, TopicFacts> topics) {
  static final String CONSUMER_OFFSETS = "__consumer_offsets";
  static final String TRANSACTION_STATE = "__transaction_state";

  /** An outage of a night must not cost records. */
  private static final Duration RETENTION_MIN = Duration.ofHours(24);

  /** One of a weekend should not. */
  private static final Duration RETENTION_GOOD = Duration.ofDays(3);

  private static final int COPIES_GOOD = 3;

  /** Our headers beside those of the record. */
  private static final long HEADERS_BYTES = 16 << 10;

  List<Check> all() {
    return List.of(
        exist(), leaders(), copies(), inSync(), cleanup(), retention(), deadLetterSize());
  }

  /** Ours, in the order of the contract. */
  static List<String> ours(Topics names) {
    return List.of(
        names.transactions(),
        names.balances(),
        names.alerts(),
        names.transactionsDeadLetters(),
        names.balancesDeadLetters(),
        names.salesMetrics());
  }

  private Check exist() {
    // Nothing needs the one of sales metrics until they are on; then whoever publishes says so.
    List<String> missing =
        ours(names).stream()
            .filter(name -> !topics.containsKey(name) && !name.equals(names.salesMetrics()))
            .toList();
    return missing.isEmpty()
        ? Check.ok(
            "topics", ours(names).stream().filter(topics::containsKey).collect(joining(", ")))
        : Check.problem(
            "topics",
            "missing: " + String.join(", ", missing),
            "run `spendwatch migrate`, or name those that are there by SPENDWATCH_TOPIC_..."
                + " variables");
  }

  private Check leaders() {
    Map<String, String> leaderless =
        where(topic -> topic.leaderless() == 0 ? "" : topic.leaderless() + " partitions");
    return leaderless.isEmpty()
        ? Check.ok("partition leaders", "each partition has one")
        : Check.problem(
            "partition leaders",
            "none for " + listed(leaderless),
            "start the brokers that have their copies: until then nothing of these partitions can"
                + " be read or written");
  }

  private Check copies() {
    Map<String, String> few =
        where(
            topic ->
                topic.copies() < Math.min(brokers, COPIES_GOOD) ? "copies " + topic.copies() : "");
    Map<String, String> behind =
        where(topic -> topic.behind() == 0 ? "" : topic.behind() + " partitions");
    String what = "copies of each record";
    if (!few.isEmpty()) {
      return Check.warning(
          what,
          String.format(Locale.ROOT, "fewer than %d brokers could keep: %s", brokers, listed(few)),
          "raise the replication factor to "
              + Math.min(brokers, COPIES_GOOD)
              + " (kafka-reassign-partitions): the death of one broker can lose records");
    }
    return behind.isEmpty()
        ? Check.ok(
            what, brokers == 1 ? "one, on the only broker" : "enough for " + brokers + " brokers")
        : Check.warning(
            what,
            "some are away or behind: " + listed(behind),
            "look after the brokers that are not in sync (kafka-topics --describe"
                + " --under-replicated-partitions)");
  }

  private Check inSync() {
    String what = TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG;
    Map<String, String> unwritable =
        where(
            topic ->
                minInSync(topic) > topic.copies()
                    ? minInSync(topic) + " of copies " + topic.copies()
                    : "");
    if (!unwritable.isEmpty()) {
      return Check.problem(
          what,
          "more than there are copies: " + listed(unwritable),
          "lower it, or add copies: nothing can be written with acks=all");
    }
    Map<String, String> fragile =
        where(
            topic ->
                topic.copies() > 1 && minInSync(topic) == topic.copies()
                    ? minInSync(topic) + " of copies " + topic.copies()
                    : "");
    if (!fragile.isEmpty()) {
      return Check.warning(
          what,
          "as many as there are copies: " + listed(fragile),
          "lower it by one: while any broker is away nothing can be written");
    }
    Map<String, String> risky =
        where(topic -> topic.copies() >= COPIES_GOOD && minInSync(topic) < 2 ? "1" : "");
    if (!risky.isEmpty()) {
      return Check.warning(
          what,
          listed(risky),
          "set it to 2: a record that only one broker has is acknowledged, and lost with it");
    }
    Map<String, String> unclean =
        where(
            topic ->
                "true".equals(topic.setting(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG))
                    ? "true"
                    : "");
    return unclean.isEmpty()
        ? Check.ok(what, "fits the copies; no unclean leaders")
        : Check.problem(
            what,
            "unclean.leader.election.enable: " + listed(unclean),
            "set it to false: acknowledged records are lost when a broker takes over that does"
                + " not have them");
  }

  private static long minInSync(TopicFacts topic) {
    return topic.number(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, 1);
  }

  private Check cleanup() {
    String key = TopicConfig.CLEANUP_POLICY_CONFIG;
    Map<String, String> wrong = new LinkedHashMap<>();
    for (String name : ours(names)) {
      TopicFacts topic = topics.get(name);
      List<String> expected = policies(name);
      String policy = topic == null ? "" : topic.setting(key);
      if (!policy.isEmpty() && !expected.contains(policy)) {
        wrong.put(name, policy + " (expected: " + expected.getFirst() + ")");
      }
    }
    return wrong.isEmpty()
        ? Check.ok(key, "balances and sales metrics compact, the others delete")
        : Check.problem(
            key,
            listed(wrong),
            "set it with kafka-configs --alter: compaction takes records of a user away that have"
                + " the same key, deletion takes the balances of who does not change");
  }

  /** Those that do, the best one first. */
  private List<String> policies(String name) {
    String compact = TopicConfig.CLEANUP_POLICY_COMPACT;
    String delete = TopicConfig.CLEANUP_POLICY_DELETE;
    if (name.equals(names.salesMetrics())) {
      return List.of(compact + "," + delete, delete + "," + compact, compact);
    }
    return List.of(name.equals(names.balances()) ? compact : delete);
  }

  private Check retention() {
    Map<String, String> wrong = new LinkedHashMap<>();
    Map<String, String> tight = new LinkedHashMap<>();
    for (String name : ours(names)) {
      TopicFacts topic = topics.get(name);
      if (topic == null || name.equals(names.balances())) {
        continue;
      }
      long ms = topic.number(TopicConfig.RETENTION_MS_CONFIG, -1);
      if (ms >= 0 && ms < RETENTION_MIN.toMillis()) {
        wrong.put(name, hours(ms));
      } else if (ms >= 0 && ms < RETENTION_GOOD.toMillis()) {
        tight.put(name, hours(ms));
      } else if (topic.number(TopicConfig.RETENTION_BYTES_CONFIG, -1) >= 0) {
        tight.put(name, "retention.bytes " + topic.setting(TopicConfig.RETENTION_BYTES_CONFIG));
      }
    }
    if (!wrong.isEmpty()) {
      return Check.problem(
          "retention",
          listed(wrong),
          "set retention.ms to three days or more: records that expire before they are read are"
              + " lost, and dead letters before anybody looks");
    }
    return tight.isEmpty()
        ? Check.ok("retention", "three days or more, without a bound on bytes")
        : Check.warning(
            "retention",
            listed(tight),
            "set retention.ms to three days or more and retention.bytes to -1: an outage of a"
                + " weekend loses records");
  }

  private Check deadLetterSize() {
    Map<String, String> small = new LinkedHashMap<>();
    addIfSmall(small, names.transactions(), names.transactionsDeadLetters());
    addIfSmall(small, names.balances(), names.balancesDeadLetters());
    return small.isEmpty()
        ? Check.ok("dead letters fit", "their topics take larger records than their sources")
        : Check.problem(
            "dead letters fit",
            "max.message.bytes: " + listed(small),
            "raise it on the dead-letter topic: the largest bad record stops its partition"
                + " otherwise");
  }

  private void addIfSmall(Map<String, String> small, String source, String deadLetters) {
    TopicFacts from = topics.get(source);
    TopicFacts to = topics.get(deadLetters);
    if (from == null || to == null) {
      return;
    }
    long needed = from.number(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, 0) + HEADERS_BYTES;
    long there = to.number(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Long.MAX_VALUE);
    if (there < needed) {
      small.put(deadLetters, there + " (expected: at least " + needed + ")");
    }
  }

  /** Topics of which there is something to say. */
  private Map<String, String> where(Function<TopicFacts, String> said) {
    Map<String, String> found = new TreeMap<>();
    topics
        .values()
        .forEach(
            topic -> {
              String what = said.apply(topic);
              if (!what.isEmpty()) {
                found.put(topic.name(), what);
              }
            });
    return found;
  }

  private static String listed(Map<String, String> found) {
    List<String> parts = new ArrayList<>();
    found.forEach((name, what) -> parts.add(name + ": " + what));
    return String.join(", ", parts);
  }

  private static String hours(long ms) {
    Duration time = Duration.ofMillis(ms);
    return time.toHours() > 0 ? time.toHours() + " h" : time.toMinutes() + " min";
  }
}
