package io.spendwatch.ops.demo;

import io.spendwatch.ops.schema.PostgresAddress;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.protocol.Topics;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/**
 * What a demo has come to.
 *
 * @param transactionRows in PostgreSQL
 * @param transactionRecords in Kafka; more than rows where a record came twice
 * @param breaches transactions that were judged so
 * @param raisedRows alerts in PostgreSQL
 * @param clearedRows alerts in PostgreSQL
 * @param raisedSeen alerts that the demo has shown, from Kafka
 * @param clearedSeen alerts that the demo has shown, from Kafka
 * @param deadLetters published by the node
 * @param lagRecords not read yet; empty while unknown
 * @param firstAlert from the demo's begin to the first alert on the screen; empty without any
 */
record Summary(
    long transactionRows,
    long transactionRecords,
    long breaches,
    long raisedRows,
    long clearedRows,
    long raisedSeen,
    long clearedSeen,
    long deadLetters,
    Optional<Long> lagRecords,
    Optional<Duration> firstAlert) {

  /**
   * Asks the servers.
   *
   * @param status of the cluster, if a node answered
   */
  static Summary take(
      PostgresAddress database,
      Map<String, Object> client,
      Topics topics,
      AlertFeed feed,
      Optional<ClusterStatus> status)
      throws SQLException, ExecutionException, InterruptedException, TimeoutException {
    try (Connection connection = database.connect("spendwatch-demo");
        Statement statement = connection.createStatement()) {
      return new Summary(
          count(statement, "transactions", "true"),
          records(client, topics.transactions()),
          count(statement, "transactions", "verdict = 'BREACH'"),
          count(statement, "alerts", "type = 'RAISED'"),
          count(statement, "alerts", "type = 'CLEARED'"),
          feed.raised(),
          feed.cleared(),
          status.map(s -> s.totals().deadLetters()).orElse(0L),
          status.map(s -> s.totals().lagRecords()),
          Optional.ofNullable(feed.first().getNow(null)));
    }
  }

  /** Several lines, without a line feed at the end. */
  String text() {
    return """

        Summary
          transactions    %,d rows in PostgreSQL, %,d records in Kafka; %,d in breach
          alerts raised   %,d rows in PostgreSQL, %,d seen by a subscriber
          alerts cleared  %,d rows in PostgreSQL, %,d seen by a subscriber
          dead letters    %,d
          lag             %s
          first alert     %s"""
        .formatted(
            transactionRows,
            transactionRecords,
            breaches,
            raisedRows,
            raisedSeen,
            clearedRows,
            clearedSeen,
            deadLetters,
            lagRecords.map("%,d records"::formatted).orElse("unknown"),
            firstAlert
                .map(after -> "%.1f s after the start".formatted(after.toMillis() / 1000.0))
                .orElse("none"));
  }

  private static long count(Statement statement, String table, String condition)
      throws SQLException {
    try (ResultSet rows =
        statement.executeQuery(
            "SELECT count(*) FROM spendwatch." + table + " WHERE " + condition)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  /** Exact for a topic that is not written in transactions, whose markers take offsets too. */
  private static long records(Map<String, Object> client, String topic)
      throws ExecutionException, InterruptedException, TimeoutException {
    try (Admin admin = Admin.create(client)) {
      var description = admin.describeTopics(java.util.List.of(topic)).allTopicNames();
      Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
      Map<TopicPartition, OffsetSpec> beginnings = new HashMap<>();
      description
          .get(10, TimeUnit.SECONDS)
          .get(topic)
          .partitions()
          .forEach(
              info -> {
                var partition = new TopicPartition(topic, info.partition());
                ends.put(partition, OffsetSpec.latest());
                beginnings.put(partition, OffsetSpec.earliest());
              });
      return sum(admin, ends) - sum(admin, beginnings);
    }
  }

  private static long sum(Admin admin, Map<TopicPartition, OffsetSpec> wanted)
      throws ExecutionException, InterruptedException, TimeoutException {
    return admin.listOffsets(wanted).all().get(10, TimeUnit.SECONDS).values().stream()
        .mapToLong(info -> info.offset())
        .sum();
  }
}
