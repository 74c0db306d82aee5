package io.spendwatch.ops.lab.demo;

import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * What the end of a node did to the partitions, by the rows that were written.
 *
 * @param node that was killed
 * @param decidingAgain from its end until the last of its partitions had a new row
 * @param longest time without a row of any partition, from some seconds before that on
 * @param partition that stood still so long
 */
record Failover(String node, Duration decidingAgain, Duration longest, int partition) {
  /** Each time between two rows of a partition. */
  private static final String GAPS =
      """
      WITH gaps AS (
        SELECT kafka_partition, ingested_at AS ended, ingested_at - lag(ingested_at) OVER
                 (PARTITION BY kafka_partition ORDER BY ingested_at) AS gap
          FROM spendwatch.transactions
         WHERE ingested_at >= ?)
      """;

  private static final String LONGEST =
      GAPS
          + """
          SELECT kafka_partition, extract(epoch FROM gap) * 1000
            FROM gaps WHERE gap IS NOT NULL ORDER BY gap DESC LIMIT 1
          """;

  /** Of each of the node's partitions, the longest gap that ended after the node did. */
  private static final String DECIDING_AGAIN =
      GAPS
          + """
          SELECT extract(epoch FROM max(ended) - ?) * 1000
            FROM (SELECT DISTINCT ON (kafka_partition) kafka_partition, ended
                    FROM gaps WHERE ended > ? AND kafka_partition = ANY (?)
                   ORDER BY kafka_partition, gap DESC) AS ends
          """;

  /**
   * Asks the database.
   *
   * @param since what was before is not looked at
   * @param killedAt when the node was
   * @param partitions that it had
   */
  static Failover measure(
      PostgresAddress database,
      String node,
      Instant since,
      Instant killedAt,
      List<Integer> partitions)
      throws SQLException {
    try (Connection connection = database.connect("spendwatch-demo");
        PreparedStatement longest = connection.prepareStatement(LONGEST);
        PreparedStatement again = connection.prepareStatement(DECIDING_AGAIN)) {
      longest.setTimestamp(1, Timestamp.from(since));
      again.setTimestamp(1, Timestamp.from(since));
      again.setTimestamp(2, Timestamp.from(killedAt));
      again.setTimestamp(3, Timestamp.from(killedAt));
      again.setArray(4, connection.createArrayOf("int", partitions.toArray()));
      try (ResultSet gap = longest.executeQuery();
          ResultSet end = again.executeQuery()) {
        gap.next();
        end.next();
        return new Failover(
            node,
            Duration.ofMillis(end.getLong(1)),
            Duration.ofMillis(gap.getLong(2)),
            gap.getInt(1));
      }
    }
  }

  /** Several words, for the summary. */
  String text() {
    return String.format(
        Locale.ROOT,
        "%s s at most, of partition %d; those that %s had%n                  were decided on again %s s after its end",
        seconds(longest),
        partition,
        node,
        seconds(decidingAgain));
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f", duration.toMillis() / 1000.0);
  }
}
