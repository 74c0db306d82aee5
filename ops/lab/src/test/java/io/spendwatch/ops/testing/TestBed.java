package io.spendwatch.ops.testing;

import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Topics;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;

/**
 * What one test class has to itself on real servers: a migrated database, topics and a group.
 *
 * @param bootstrapServers for any Kafka client
 * @param database migrated and empty
 * @param topics made, with {@link #PARTITIONS} partitions each
 * @param group a consumer group that nobody else uses
 */
public record TestBed(
    String bootstrapServers, PostgresAddress database, Topics topics, String group) {
  public static final int PARTITIONS = 4;

  /** The database in the form that the configuration and {@code psql} take. */
  public String pgUri() {
    String password = database.password().isEmpty() ? "" : ":" + database.password();
    return "postgresql://%s%s@%s/%s"
        .formatted(database.user(), password, database.hosts(), database.database());
  }

  /** What commands that run as processes of their own need to work on this bed. */
  public Map<String, String> environment() {
    return Map.of(
        "SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS",
        bootstrapServers,
        "SPENDWATCH_KAFKA_GROUP_ID",
        group,
        "SPENDWATCH_TOPIC_TRANSACTIONS",
        topics.transactions(),
        "SPENDWATCH_TOPIC_BALANCES",
        topics.balances(),
        "SPENDWATCH_TOPIC_ALERTS",
        topics.alerts(),
        "SPENDWATCH_TOPIC_TRANSACTIONS_DEAD_LETTERS",
        topics.transactionsDeadLetters(),
        "SPENDWATCH_TOPIC_BALANCES_DEAD_LETTERS",
        topics.balancesDeadLetters(),
        "SPENDWATCH_TOPIC_SALES_METRICS",
        topics.salesMetrics(),
        "SPENDWATCH_PG_URI",
        pgUri());
  }

  /** An admin client; the caller closes it. */
  public Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", bootstrapServers));
  }

  /** Names of topics that begin so belong to one test class. */
  static Topics topics(String prefix) {
    return new Topics(
        prefix + Topics.DEFAULT.transactions(),
        prefix + Topics.DEFAULT.balances(),
        prefix + Topics.DEFAULT.alerts(),
        prefix + Topics.DEFAULT.transactionsDeadLetters(),
        prefix + Topics.DEFAULT.balancesDeadLetters(),
        prefix + Topics.DEFAULT.salesMetrics());
  }
}
