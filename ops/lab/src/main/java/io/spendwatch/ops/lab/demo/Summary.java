package io.spendwatch.ops.lab.demo;

import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Topics;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
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
 * @param distinctRecords those that are not repeated
 * @param breaches transactions that were assessed so
 * @param raisedRows alerts in PostgreSQL
 * @param clearedRows alerts in PostgreSQL
 * @param raisedSeen alerts that the demo has shown, from Kafka
 * @param clearedSeen alerts that the demo has shown, from Kafka
 * @param distinctSeen of both, those that are not repeated
 * @param deadLetters published by the nodes
 * @param lagRecords not read yet; empty while unknown
 * @param failover what the end of a node did; empty where none was killed
 * @param ends how much a business database and we have; empty where there is none
 * @param archived what left for an archive, for people; empty where nothing did
 * @param firstAlert from the demo's begin to the first alert on the screen; empty without any
 */
record Summary(
    long transactionRows,
    long transactionRecords,
    long distinctRecords,
    long breaches,
    long raisedRows,
    long clearedRows,
    long raisedSeen,
    long clearedSeen,
    long distinctSeen,
    long deadLetters,
    Optional<Long> lagRecords,
    Optional<Failover> failover,
    Optional<BothEnds> ends,
    Optional<String> archived,
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
      Optional<ClusterStatus> status,
      Optional<Failover> failover,
      Optional<BothEnds> ends,
      Optional<String> archived)
      throws SQLException, ExecutionException, InterruptedException, TimeoutException {
    try (Connection connection = database.connect("spendwatch-demo");
        Statement statement = connection.createStatement()) {
      return new Summary(
          count(statement, "transactions", "true"),
          records(client, topics.transactions()),
          failover.isPresent() || ends.isPresent()
              ? DistinctRecords.count(client, topics.transactions())
              : 0,
          count(statement, "transactions", "verdict = 'BREACH'"),
          count(statement, "alerts", "type = 'RAISED'"),
          count(statement, "alerts", "type = 'CLEARED'"),
          feed.raised(),
          feed.cleared(),
          feed.distinct(),
          status.map(s -> s.totals().deadLetters()).orElse(0L),
          status.map(s -> s.totals().lagRecords()),
          failover,
          ends,
          archived,
          Optional.ofNullable(feed.first().getNow(null)));
    }
  }

  /** Whether something was killed. */
  boolean looksForLosses() {
    return failover.isPresent() || ends.isPresent();
  }

  /**
   * Whether each record has its row, and each alert that has a row was seen, once; and a business
   * database has what we have.
   */
  boolean nothingIsLost() {
    return transactionRows == distinctRecords
        && ends.map(BothEnds::agree).orElse(true)
        && raisedRows == raisedSeen
        && clearedRows == clearedSeen
        && distinctSeen == raisedSeen + clearedSeen;
  }

  /** Several lines, without a line feed at the end. */
  String text() {
    return table()
        + archived.map(each -> "\n  archive         " + each).orElse("")
        + ends.map(each -> "\n" + each.text()).orElse("")
        + (looksForLosses() ? "\n" + losses() : "")
        + failover.map(each -> "\n  standstill      " + each.text()).orElse("");
  }

  private String losses() {
    return String.format(
            Locale.ROOT,
            """
          nothing lost    %s: %,d distinct records, %,d rows;
                          %,d alert rows, %,d seen, %,d distinct
        """,
            nothingIsLost() ? "yes" : "NO",
            distinctRecords,
            transactionRows,
            raisedRows + clearedRows,
            raisedSeen + clearedSeen,
            distinctSeen)
        .stripTrailing();
  }

  private String table() {
    return String.format(
        Locale.ROOT,
        """

        Summary
          transactions    %,d rows in PostgreSQL, %,d records in Kafka; %,d in breach
          alerts raised   %,d rows in PostgreSQL, %,d seen by a subscriber
          alerts cleared  %,d rows in PostgreSQL, %,d seen by a subscriber
          dead letters    %,d
          lag             %s
          first alert     %s""",
        transactionRows,
        transactionRecords,
        breaches,
        raisedRows,
        raisedSeen,
        clearedRows,
        clearedSeen,
        deadLetters,
        lagRecords.map(lag -> String.format(Locale.ROOT, "%,d records", lag)).orElse("unknown"),
        firstAlert
            .map(
                after ->
                    String.format(Locale.ROOT, "%.1f s after the start", after.toMillis() / 1000.0))
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
