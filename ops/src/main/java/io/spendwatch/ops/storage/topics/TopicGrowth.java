package io.spendwatch.ops.storage.topics;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.base.Timekeeper;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidPartitionsException;

/**
 * Gives the transactions topic more partitions, safely: the nodes assess what came before under the
 * old count, then all of them go over to the new one. The nodes do it by themselves once it has
 * begun; this begins it, and waits. Doing it again goes on; two at once are safe. Blocks.
 */
public final class TopicGrowth {
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final String APPLICATION = "spendwatch-migrate";

  private final PostgresAddress database;
  private final Admin admin;
  private final String topic;
  private final Timekeeper time;

  private record Layout(int partitions, int growingTo, List<Integer> awaited) {}

  /** Fewer partitions were asked for than there are. */
  public static final class FewerPartitions extends RuntimeException {
    private static final long serialVersionUID = 1;

    FewerPartitions(String message) {
      super(message);
    }
  }

  TopicGrowth(PostgresAddress database, Admin admin, String topic, Timekeeper time) {
    this.database = database;
    this.admin = admin;
    this.topic = topic;
    this.time = time;
  }

  /** Has the database know how many partitions there are, before the first node reads any. */
  void adopt() throws SQLException, ExecutionException, InterruptedException {
    int there = partitions();
    update(
        "INSERT INTO spendwatch.topic_layout (partitions) VALUES (?) ON CONFLICT DO NOTHING",
        there);
  }

  /**
   * Grows the topic to {@code wanted} partitions, and waits until they are in force.
   *
   * @param waitMax for that; it goes on afterwards by itself
   * @throws FewerPartitions if there are more already
   * @throws OperatorException if it is not over by then
   */
  void grow(int wanted, Duration waitMax, PrintWriter err)
      throws SQLException, ExecutionException, InterruptedException {
    int there = partitions();
    if (there > wanted) {
      throw new FewerPartitions(
          String.format(
              Locale.ROOT,
              "%d (expected: at least %d, which topic %s has: Kafka takes none away)",
              wanted,
              there,
              topic));
    }
    update("UPDATE spendwatch.topic_layout SET announced = greatest(announced, ?)", wanted);
    if (there < wanted) {
      create(wanted);
    }
    long deadlineNanos = time.nanoTime() + waitMax.toNanos();
    String said = "";
    for (Layout layout = layout(); layout.partitions() < wanted; layout = layout()) {
      if (layout.growingTo() == 0) {
        begin(layout.partitions(), wanted);
      } else if (layout.awaited().isEmpty()) {
        finish(layout.growingTo());
      } else {
        String waiting =
            String.format(
                Locale.ROOT,
                "topic %s grows from %d to %d partitions: waits for partitions %s to be assessed up to where it began",
                topic,
                layout.partitions(),
                layout.growingTo(),
                layout.awaited());
        if (time.nanoTime() >= deadlineNanos) {
          throw new OperatorException(
              waiting
                  + String.format(
                      Locale.ROOT,
                      "; not over after %d s, and goes on by itself while nodes run (spendwatch status)",
                      waitMax.toSeconds()));
        }
        if (!waiting.equals(said)) {
          err.println(waiting);
          said = waiting;
        }
        time.pause(PAUSE);
      }
    }
  }

  private int partitions() throws ExecutionException, InterruptedException {
    return admin
        .describeTopics(List.of(topic))
        .allTopicNames()
        .get()
        .get(topic)
        .partitions()
        .size();
  }

  private void create(int wanted) throws ExecutionException, InterruptedException {
    try {
      var _ = admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(wanted))).all().get();
    } catch (ExecutionException e) {
      // Somebody else has made them, at this moment.
      if (!(e.getCause() instanceof InvalidPartitionsException) || partitions() < wanted) {
        throw e;
      }
    }
    // A broker may not have heard of them yet.
    while (partitions() < wanted) {
      time.pause(PAUSE);
    }
  }

  private void begin(int from, int to)
      throws SQLException, ExecutionException, InterruptedException {
    List<TopicPartition> old =
        IntStream.range(0, from).mapToObj(each -> new TopicPartition(topic, each)).toList();
    var ends =
        admin
            .listOffsets(
                old.stream()
                    .collect(Collectors.toMap(Function.identity(), _ -> OffsetSpec.latest())),
                new ListOffsetsOptions(IsolationLevel.READ_COMMITTED))
            .all()
            .get();
    try (Connection connection = database.connect(APPLICATION);
        PreparedStatement statement =
            connection.prepareStatement(
                "UPDATE spendwatch.topic_layout SET growing_to = ?, marks = ?, version = version + 1"
                    + " WHERE partitions = ? AND growing_to IS NULL")) {
      statement.setInt(1, to);
      statement.setArray(
          2,
          connection.createArrayOf(
              "bigint", old.stream().map(each -> ends.get(each).offset()).toArray(Long[]::new)));
      statement.setInt(3, from);
      int _ = statement.executeUpdate();
    }
  }

  private void finish(int to) throws SQLException {
    try (Connection connection = database.connect(APPLICATION);
        PreparedStatement statement =
            connection.prepareStatement("SELECT spendwatch.finish_growth(?)")) {
      statement.setInt(1, to);
      boolean _ = statement.execute();
    }
  }

  private Layout layout() throws SQLException {
    try (Connection connection = database.connect(APPLICATION);
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT partitions, coalesce(growing_to, 0), spendwatch.partitions_awaited()"
                    + " FROM spendwatch.topic_layout")) {
      boolean _ = rows.next();
      return new Layout(
          rows.getInt(1), rows.getInt(2), List.of((Integer[]) rows.getArray(3).getArray()));
    }
  }

  private void update(String sql, int value) throws SQLException {
    try (Connection connection = database.connect(APPLICATION);
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setInt(1, value);
      int _ = statement.executeUpdate();
    }
  }
}
