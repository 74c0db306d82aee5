package io.spendwatch.ops.bench;

import io.spendwatch.protocol.Topics;
import java.util.Map;
import java.util.TreeMap;

/**
 * What sets one run on a server apart from all others.
 *
 * @param database its uri, as psql takes it
 * @param topics names of its own
 * @param group of its consumers
 */
record Namespace(String database, Topics topics, String group) {

  /** Topics and group by a name, with the transactions of another one where that is not null. */
  static Namespace of(String name, String database, String transactions) {
    return new Namespace(
        database,
        new Topics(
            transactions == null ? name + "-transactions" : transactions,
            name + "-balances",
            name + "-alerts",
            name + "-transactions.dlq",
            name + "-balances.dlq"),
        name);
  }

  /** The settings by which a command works in it, as environment variables. */
  Map<String, String> environment() {
    return new TreeMap<>(
        Map.of(
            "SPENDWATCH_PG_URI", database,
            "SPENDWATCH_KAFKA_GROUP_ID", group,
            "SPENDWATCH_TOPIC_TRANSACTIONS", topics.transactions(),
            "SPENDWATCH_TOPIC_BALANCES", topics.balances(),
            "SPENDWATCH_TOPIC_ALERTS", topics.alerts(),
            "SPENDWATCH_TOPIC_TRANSACTIONS_DEAD_LETTERS", topics.transactionsDeadLetters(),
            "SPENDWATCH_TOPIC_BALANCES_DEAD_LETTERS", topics.balancesDeadLetters()));
  }
}
