package io.spendwatch.ops.storage.topics;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.Schema;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * Makes schema and topics: what the {@code migrate} command does, and the sandbox first of all.
 * Waits for servers that are not there yet; blocks the calling thread.
 */
public final class Preparation {
  private static final int ANSWER_TIMEOUT_MS = 5_000;

  private final PrintWriter err;
  private final Duration waitMax;
  private final Waiting waiting;
  private final Optional<Duration> deadLettersKept;
  private final Timekeeper time;

  /**
   * Does nothing yet.
   *
   * @param err where it says what it waits for
   * @param waitMax for a server that does not answer, in each of the methods
   */
  public Preparation(PrintWriter err, Duration waitMax, Timekeeper time) {
    this(err, waitMax, Optional.of(TopicSetup.RETENTION), time);
  }

  /**
   * The same, with topics that keep dead letters for so long.
   *
   * @param deadLettersKept empty: for ever
   */
  public Preparation(
      PrintWriter err, Duration waitMax, Optional<Duration> deadLettersKept, Timekeeper time) {
    this.deadLettersKept = deadLettersKept;
    this.err = err;
    this.waitMax = waitMax;
    this.waiting = new Waiting(err, waitMax, time);
    this.time = time;
  }

  /**
   * Brings the schema to the newest version.
   *
   * @return how many migrations were applied
   * @throws OperatorException if that cannot be done
   */
  public int schema(PostgresAddress database, Instant now) {
    return waiting.until(database.toString(), () -> new Schema(database).migrate(now));
  }

  /**
   * Roles that nodes work in by default, and that the user may not.
   *
   * @throws OperatorException if that cannot be found out
   */
  public List<String> rolesOutOfReach(PostgresAddress database) {
    return waiting.until(database.toString(), () -> new Schema(database).rolesOutOfReach());
  }

  /**
   * Has the user give up the roles that it needed to migrate.
   *
   * @return those that it still may act as
   * @throws OperatorException if that cannot be done
   */
  public List<String> giveBackRoles(PostgresAddress database) {
    return waiting.until(database.toString(), () -> new Schema(database).giveBackRoles());
  }

  /**
   * Makes the topics that are missing, and grows that of the transactions where more partitions are
   * asked for than it has. The schema must be there.
   *
   * @param client properties for any Kafka client
   * @return the topics that were made
   * @throws OperatorException if that cannot be done
   * @throws TopicGrowth.FewerPartitions if fewer partitions are asked for than there are
   */
  public List<String> topics(
      PostgresAddress database,
      Map<String, Object> client,
      Topics topics,
      OptionalInt partitions,
      OptionalInt replicationFactor) {
    Map<String, Object> properties = new HashMap<>(client);
    properties.putIfAbsent(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_TIMEOUT_MS);
    properties.putIfAbsent(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_TIMEOUT_MS);
    return waiting.until(
        "Kafka at " + client.get(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG),
        () -> {
          try (Admin admin = Admin.create(properties)) {
            List<String> made =
                new TopicSetup(admin, topics, deadLettersKept, time)
                    .create(partitions, replicationFactor);
            var growth = new TopicGrowth(database, admin, topics.transactions(), time);
            growth.adopt();
            if (partitions.isPresent()) {
              growth.grow(partitions.getAsInt(), waitMax, err);
            }
            return made;
          }
        });
  }
}
