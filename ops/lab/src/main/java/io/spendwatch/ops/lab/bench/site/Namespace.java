package io.spendwatch.ops.lab.bench.site;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What sets one run on a site apart from all others.
 *
 * @param name also of its database, and of the group of its consumers
 * @param uri of its database, as psql takes it
 * @param address of its database
 * @param topics whose names begin with its own, but for transactions that it shares with another
 */
public record Namespace(String name, String uri, PostgresAddress address, Topics topics) {

  /**
   * Topics by a name.
   *
   * @param transactions the name of that topic
   */
  public static Topics topics(String name, String transactions) {
    return new Topics(
        transactions,
        name + "-balances",
        name + "-alerts",
        name + "-transactions.dlq",
        name + "-balances.dlq",
        name + "-sales.metrics");
  }

  /** The topics that are nobody else's. */
  List<String> ownTopics() {
    List<String> own =
        new ArrayList<>(
            List.of(
                topics.balances(),
                topics.alerts(),
                topics.transactionsDeadLetters(),
                topics.balancesDeadLetters(),
                topics.salesMetrics()));
    if (topics.transactions().startsWith(name + "-")) {
      own.add(topics.transactions());
    }
    return own;
  }

  /**
   * Checks that there is a row for each transaction.
   *
   * @param who had to write them, for people
   * @throws OperatorException if there are more or fewer
   */
  public void checkRows(String who, long transactions) {
    long rows = Site.number(address, "SELECT count(*) FROM spendwatch.transactions");
    if (rows != transactions) {
      throw new OperatorException(
          String.format(Locale.ROOT, "%s: %,d rows of %,d transactions", who, rows, transactions));
    }
  }

  /** The settings by which a command works in it, as environment variables. */
  public Map<String, String> environment() {
    return new TreeMap<>(
        Map.of(
            "SPENDWATCH_PG_URI", uri,
            "SPENDWATCH_KAFKA_GROUP_ID", name,
            "SPENDWATCH_TOPIC_TRANSACTIONS", topics.transactions(),
            "SPENDWATCH_TOPIC_BALANCES", topics.balances(),
            "SPENDWATCH_TOPIC_ALERTS", topics.alerts(),
            "SPENDWATCH_TOPIC_TRANSACTIONS_DEAD_LETTERS", topics.transactionsDeadLetters(),
            "SPENDWATCH_TOPIC_BALANCES_DEAD_LETTERS", topics.balancesDeadLetters(),
            "SPENDWATCH_TOPIC_SALES_METRICS", topics.salesMetrics()));
  }
}
