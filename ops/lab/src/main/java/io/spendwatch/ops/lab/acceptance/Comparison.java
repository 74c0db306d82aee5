package io.spendwatch.ops.lab.acceptance;

import io.spendwatch.ops.lab.acceptance.KnownAnswers.ExpectedAlert;
import io.spendwatch.ops.lab.acceptance.KnownAnswers.Row;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Compares the tables and the alert topic of a finished run with {@link KnownAnswers}: exactly one
 * row per transaction, with the known exposure, balance and breach; exactly the known alerts, of
 * which only a CLEARED at or after its partition's stream time may be outstanding.
 */
public final class Comparison {

  private static final int SHOWN_DIFFERENCES = 10;
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(30);

  private final List<String> differences = new ArrayList<>();
  private int rows;
  private int alerts;
  private int outstanding;

  private Comparison() {}

  /**
   * Runs the comparison.
   *
   * @param directory of the data set
   * @param set its name, the first part of the file names
   * @param withBalances whether the set's later balances were replayed too
   * @param connection to the database of the run
   * @param kafka consumer properties, at least bootstrap servers
   * @param partitioner of the producers of the transactions
   * @throws IOException if the known answers cannot be read
   * @throws SQLException if the tables cannot be read
   */
  public static Comparison run(
      Path directory,
      String set,
      boolean withBalances,
      Connection connection,
      Map<String, Object> kafka,
      Topics topics,
      Partitioner partitioner)
      throws IOException, SQLException {
    var comparison = new Comparison();
    KnownAnswers known =
        withBalances ? KnownAnswers.readAsOf(directory, set) : KnownAnswers.read(directory, set);
    comparison.compareRows(known.rows(), connection);
    if (known.alerts() != null) {
      comparison.compareAlerts(
          known.alerts(),
          alertsOf(kafka, topics),
          streamTimes(connection),
          kafka,
          topics,
          partitioner);
    }
    return comparison;
  }

  /** Whether nothing differs. */
  public boolean isEqual() {
    return differences.isEmpty();
  }

  /** For people: counts, and the first differences. */
  public String report() {
    var report = new StringBuilder();
    report.append(
        String.format(
            Locale.ROOT,
            "rows=%d alerts=%d outstanding=%d differences=%d",
            rows,
            alerts,
            outstanding,
            differences.size()));
    differences.stream()
        .limit(SHOWN_DIFFERENCES)
        .forEach(d -> report.append("\n  ").append(ForeignText.shown(d)));
    return report.toString();
  }

  private void compareRows(Map<String, Row> known, Connection connection) throws SQLException {
    Set<String> seen = new HashSet<>();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(10_000);
      try (ResultSet result =
          statement.executeQuery(
              "SELECT transaction_id, exposure_minor, balance_minor, verdict"
                  + " FROM spendwatch.transactions")) {
        while (result.next()) {
          rows++;
          String id = result.getString(1);
          Row expected = known.get(id);
          var actual =
              new Row(
                  result.getLong(2),
                  result.getObject(3, Long.class),
                  isBreach(result.getString(4), result.getLong(2), result.getLong(3)));
          if (!seen.add(id)) {
            differences.add("transaction " + id + " has more than one row");
          } else if (expected == null) {
            differences.add("transaction " + id + " is not in the set");
          } else if (!expected.equals(actual)) {
            differences.add("transaction " + id + ": " + actual + " (expected: " + expected + ")");
          }
        }
      }
    } finally {
      connection.rollback();
    }
    for (String id : known.keySet()) {
      if (!seen.contains(id)) {
        differences.add("transaction " + id + " has no row");
      }
    }
  }

  /** Known answers know no TOO_LATE: there a breach is a breach, although it changes nothing. */
  private static boolean isBreach(String verdict, long exposureMinor, long balanceMinor) {
    return switch (Verdict.valueOf(verdict)) {
      case BREACH -> true;
      case TOO_LATE -> exposureMinor > balanceMinor;
      case CLEAR, NO_ACCOUNT -> false;
    };
  }

  private void compareAlerts(
      List<ExpectedAlert> known,
      List<Alert> published,
      Map<Integer, Long> streamTimesMs,
      Map<String, Object> kafka,
      Topics topics,
      Partitioner partitioner) {
    Set<String> ids = new HashSet<>();
    Set<ExpectedAlert> actual = new HashSet<>();
    for (Alert alert : published) {
      alerts++;
      if (!ids.add(alert.alertId())) {
        differences.add("alert " + alert.alertId() + " was published more than once");
      }
      actual.add(withoutRun(alert));
    }
    Set<ExpectedAlert> expected = new HashSet<>(known);
    int partitions = partitionsOf(kafka, topics);
    for (ExpectedAlert alert : expected) {
      if (!actual.contains(alert)) {
        int partition = partitioner.partitionOf(alert.userId(), partitions);
        boolean mayBeOutstanding =
            alert.type().equals("CLEARED")
                && alert.eventTimeMs() >= streamTimesMs.getOrDefault(partition, Long.MIN_VALUE);
        if (mayBeOutstanding) {
          outstanding++;
        } else {
          differences.add("alert missing: " + alert);
        }
      }
    }
    for (ExpectedAlert alert : actual) {
      if (!expected.contains(alert)) {
        differences.add("alert not expected: " + alert);
      }
    }
  }

  private static ExpectedAlert withoutRun(Alert alert) {
    return new ExpectedAlert(
        alert.type().name(),
        alert.userId(),
        alert.transactionId() == null ? "" : alert.transactionId(),
        alert.eventTimeMs(),
        alert.exposureMinor(),
        alert.balanceMinor(),
        alert.cause() == null ? "" : alert.cause().name());
  }

  private static Map<Integer, Long> streamTimes(Connection connection) throws SQLException {
    Map<Integer, Long> streamTimesMs = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery(
                "SELECT kafka_partition, max(event_time) FROM spendwatch.transactions GROUP BY 1")) {
      while (result.next()) {
        streamTimesMs.put(result.getInt(1), result.getTimestamp(2).getTime());
      }
    }
    return streamTimesMs;
  }

  private static int partitionsOf(Map<String, Object> kafka, Topics topics) {
    try (var consumer = consumer(kafka)) {
      return consumer.partitionsFor(topics.transactions()).size();
    }
  }

  /** All committed alerts, as a subscriber reads them. */
  private static List<Alert> alertsOf(Map<String, Object> kafka, Topics topics) {
    try (var consumer = consumer(kafka)) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topics.alerts()).stream()
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      long deadlineNs = System.nanoTime() + READ_TIMEOUT.toNanos();
      List<Alert> alerts = new ArrayList<>();
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        if (System.nanoTime() > deadlineNs) {
          throw new IllegalStateException("the alert topic could not be read to its end");
        }
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          alerts.add(AlertCodec.decode(record.value()));
        }
      }
      return alerts;
    }
  }

  private static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> kafka) {
    Map<String, Object> properties = new HashMap<>(kafka);
    properties.put("isolation.level", "read_committed");
    properties.put("enable.auto.commit", false);
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }
}
