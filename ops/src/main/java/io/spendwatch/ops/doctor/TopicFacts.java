package io.spendwatch.ops.doctor;

import java.util.Map;

/**
 * A topic as the brokers describe it.
 *
 * @param id which a topic that is made anew does not share with the one before
 * @param copies of each record: the fewest that any partition has
 * @param leaderless partitions that take no records and give none
 * @param behind partitions of which some copy is away or behind
 * @param settings those in force, by Kafka's names
 */
record TopicFacts(
    String name,
    String id,
    int partitions,
    int copies,
    int leaderless,
    int behind,
    Map<String, String> settings) {

  /** A setting; empty where the brokers do not say. */
  String setting(String key) {
    return settings.getOrDefault(key, "");
  }

  /** A setting that is a number. */
  long number(String key, long otherwise) {
    String value = setting(key);
    return value.matches("-?\\d{1,18}") ? Long.parseLong(value) : otherwise;
  }
}
