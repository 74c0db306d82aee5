package io.spendwatch.ops.salesmetrics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.storage.rollups.Rollups;
import io.spendwatch.ops.storage.rollups.WrittenRows;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.SalesMetrics;
import io.spendwatch.protocol.SalesMetricsCodec;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * In the end the last record of each minute, merchant and currency is what its transactions add up
 * to, counted anew by SQL of its own, and no record of a key follows a newer one, whatever has
 * happened: late rows, repeats, followers and publishers that were killed, two nodes at once.
 */
@ExtendWith(Servers.class)
class SalesMetricsIT {
  private static final Duration LONG = Duration.ofMinutes(1);

  /** Nothing of a publisher runs any more. */
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private NodeSettings settings;
  private Database database;
  private Connection connection;
  private Statement sql;
  private KafkaConsumer<byte[], byte[]> subscriber;
  private final Map<String, SalesMetrics> last = new HashMap<>();
  private final List<AutoCloseable> opened = new ArrayList<>();

  @BeforeEach
  void connect(TestBed bed) throws SQLException {
    settings = NodeSettings.of(bed);
    database = Database.open(Configuration.load().rollups().postgres());
    connection = bed.database().connect("test");
    sql = connection.createStatement();
    WrittenRows.empty(sql, LocalDate.parse("2026-04-12"));
    sql.execute("SELECT spendwatch.end_sales_metrics()");
    sql.execute(
        "UPDATE spendwatch.sales_metrics SET published = 0, holder = NULL, held_until = NULL");
    subscriber =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers", bed.bootstrapServers(), "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    List<TopicPartition> partitions =
        subscriber.partitionsFor(bed.topics().salesMetrics()).stream()
            .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
            .toList();
    subscriber.assign(partitions);
    subscriber.seekToEnd(partitions);
    partitions.forEach(subscriber::position);
    last.clear();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
    opened.clear();
    subscriber.close();
    sql.execute("SELECT spendwatch.end_sales_metrics()");
    connection.close();
    var _ = database.close().toCompletableFuture().join();
    settings.close();
  }

  @Test
  void theLastRecordOfEachMinuteIsWhatItsRowsAddUpToWhateverWasKilled(TestBed bed)
      throws Exception {
    int seeds = Integer.getInteger("spendwatch.histories-of-sales-metrics", 2);
    long from = Long.getLong("spendwatch.histories-of-sales-metrics-from", 1);
    for (long seed = from; seed < from + seeds; seed++) {
      if (seed > from) {
        close();
        connect(bed);
      }
      var random = new Random(seed);
      var rows = new WrittenRows(random, database);
      // Some of it was there before anybody was to publish.
      for (int i = 0; i < 5; i++) {
        var _ = rows.write();
      }
      publisher("a", random, () -> {}, () -> {}).begin();
      Map<String, SalesMetricsPublisher> nodes = new HashMap<>();
      var done = new ArrayList<String>();
      for (int act = 0; act < 40; act++) {
        done.add(act(random, rows, nodes));
      }
      settle(random);
      assertTopicIsExact("seed " + seed + ": " + done);
    }
  }

  private String act(Random random, WrittenRows rows, Map<String, SalesMetricsPublisher> nodes)
      throws SQLException {
    String node = random.nextBoolean() ? "a" : "b";
    return switch (random.nextInt(10)) {
      case 0, 1, 2 -> {
        yield rows.write() + " rows";
      }
      case 3, 4 -> {
        var _ = new Rollups(database, 1 + random.nextInt(30)).keep(() -> false);
        yield "a step";
      }
      case 5, 6 -> {
        SalesMetricsPublisher its =
            nodes.computeIfAbsent(node, name -> publisher(name, random, () -> {}, () -> {}));
        try {
          yield node + " published " + its.publish(() -> false);
        } catch (OperatorException e) {
          // Another one has begun since: the next time it begins anew.
          yield node + " is refused: " + e.getMessage();
        }
      }
      case 7 -> {
        leaseEnds();
        yield "the turn has ended";
      }
      case 8 -> {
        boolean late = random.nextBoolean();
        Runnable killed =
            () -> {
              throw new Killed();
            };
        try {
          leaseEnds();
          yield "not killed: "
              + publisher(node, random, late ? () -> {} : killed, late ? killed : () -> {})
                  .publish(() -> false);
        } catch (Killed e) {
          yield node + " is killed " + (late ? "before it has noted" : "before it has committed");
        }
      }
      default -> {
        new Rollups(database, 10).rebuild("minute_sales");
        yield "built anew";
      }
    };
  }

  /** While a node has read what is due, and has not committed, another one publishes later sums. */
  @Test
  void whoWasPausedOverwritesNothing() throws Exception {
    var random = new Random(3);
    var rows = new WrittenRows(random, database);
    Runnable paused =
        () -> {
          for (int i = 0; i < 20; i++) {
            var _ = rows.write();
          }
          var _ = new Rollups(database, 1000).keep(() -> true);
          try {
            leaseEnds();
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
          assertThat(publisher("b", random, () -> {}, () -> {}).publish(() -> true)).isPositive();
        };
    SalesMetricsPublisher first = publisher("a", random, paused, () -> {});
    first.begin();
    for (int i = 0; i < 20; i++) {
      var _ = rows.write();
    }
    var _ = new Rollups(database, 1000).keep(() -> true);
    assertThat(refusal(first)).startsWith("Kafka at ");
    settle(random);
    assertTopicIsExact("paused");
  }

  @Test
  void onlyOneNodeHasTheTurnUntilItsLeaseEndsOrItLeaves() throws Exception {
    var random = new Random(4);
    var rows = new WrittenRows(random, database);
    SalesMetricsPublisher first = publisher("a", random, () -> {}, () -> {});
    SalesMetricsPublisher second = publisher("b", random, () -> {}, () -> {});
    first.begin();
    second.begin();
    var _ = rows.write();
    var _ = rows.write();
    var _ = new Rollups(database, 1000).keep(() -> true);
    assertThat(first.waiting()).isPositive();
    assertThat(first.publish(() -> true)).isPositive();
    assertThat(first.waiting()).isZero();
    var _ = rows.write();
    var _ = rows.write();
    var _ = new Rollups(database, 1000).keep(() -> true);
    assertThat(second.publish(() -> true)).isZero();
    first.close();
    assertThat(second.publish(() -> true)).isPositive();
    assertTopicIsExact("after both");
  }

  @Test
  void minutesGoWithTheirTransactions() throws Exception {
    var random = new Random(5);
    var rows = new WrittenRows(random, database);
    SalesMetricsPublisher publisher = publisher("a", random, () -> {}, () -> {});
    publisher.begin();
    for (int i = 0; i < 60; i++) {
      var _ = rows.write();
    }
    var _ = new Rollups(database, 1000).keep(() -> true);
    sql.execute(
        """
        ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20260331;
        SELECT spendwatch.drop_detached_partition('transactions_20260331');
        """);
    while (publisher.publish(() -> true) > 0) {}
    String minutes =
        "SELECT min(minute) >= '2026-04-01Z' AND count(*) > 0 FROM spendwatch.minute_sales";
    for (int i = 0; i < 100 && !"t".equals(text(minutes)); i++) {
      assertThat(publisher.publish(() -> true)).isZero();
    }
    assertThat(text(minutes)).isEqualTo("t");
  }

  private static String refusal(SalesMetricsPublisher publisher) {
    try {
      return "none: " + publisher.publish(() -> true);
    } catch (OperatorException e) {
      return e.getMessage();
    }
  }

  /** As when its holder has not come back. */
  private void leaseEnds() throws SQLException {
    sql.execute("UPDATE spendwatch.sales_metrics SET held_until = clock_timestamp()");
  }

  private void settle(Random random) throws SQLException {
    assertThat(new Rollups(database, 50).keep(() -> true).isAll()).isTrue();
    leaseEnds();
    SalesMetricsPublisher last = publisher("c", random, () -> {}, () -> {});
    while (last.publish(() -> true) > 0) {}
    assertThat(last.waiting()).isZero();
  }

  private SalesMetricsPublisher publisher(
      String node, Random random, Runnable beforeCommit, Runnable afterCommit) {
    settings.set("spendwatch.node-id", node);
    KafkaConfig kafka = Configuration.load().streams().kafka();
    return new SalesMetricsPublisher(
        database,
        kafka,
        new SalesMetricsConfig(
            true, Duration.ofSeconds(1), Duration.ofSeconds(1), 1 + random.nextInt(40), LONG),
        () -> {
          var producer =
              new KafkaProducer<byte[], byte[]>(kafka.salesMetricsProducerProperties()) {
                @Override
                public void commitTransaction() {
                  beforeCommit.run();
                  super.commitTransaction();
                  afterCommit.run();
                }
              };
          opened.add(() -> producer.close(Duration.ZERO));
          return producer;
        });
  }

  /** What has been committed can be read some time later, when each partition has been told. */
  private void assertTopicIsExact(String what) throws SQLException {
    Map<String, String> expected = expected();
    assertThat(expected).isNotEmpty();
    await()
        .atMost(LONG)
        .untilAsserted(
            () -> {
              read();
              assertThat(sums(last)).as(what).isEqualTo(expected);
            });
  }

  /** The last one of each key; of a key, none is older than the one before it. */
  private void read() {
    for (ConsumerRecord<byte[], byte[]> record : subscriber.poll(Duration.ofMillis(100))) {
      SalesMetrics metrics = SalesMetricsCodec.decode(record.value());
      assertThat(record.key()).isEqualTo(SalesMetricsCodec.key(metrics));
      SalesMetrics before = last.put(new String(record.key(), UTF_8), metrics);
      if (before != null) {
        assertThat(metrics.revision()).isGreaterThanOrEqualTo(before.revision());
      }
    }
  }

  private static Map<String, String> sums(Map<String, SalesMetrics> last) {
    Map<String, String> sums = new TreeMap<>();
    last.forEach(
        (key, metrics) ->
            sums.put(
                key,
                sums(
                    metrics.purchases(),
                    metrics.purchasesMinor(),
                    metrics.refunds(),
                    metrics.refundsMinor())));
    return sums;
  }

  private static String sums(
      long purchases, BigInteger purchasesMinor, long refunds, BigInteger refundsMinor) {
    return purchases + " for " + purchasesMinor + ", " + refunds + " for " + refundsMinor;
  }

  /** By the rows alone. */
  private Map<String, String> expected() throws SQLException {
    Map<String, String> expected = new TreeMap<>();
    try (ResultSet rows =
        sql.executeQuery(
            """
            SELECT to_char(date_bin('1 minute', event_time, '2000-01-01Z') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '/'
                     || currency || '/' || CASE WHEN merchant IS NULL THEN '' ELSE merchant END,
                   sum((kind = 'PURCHASE')::int), sum(CASE WHEN kind = 'PURCHASE' THEN amount_minor ELSE 0 END)::text,
                   sum((kind = 'REFUND')::int), sum(CASE WHEN kind = 'REFUND' THEN amount_minor ELSE 0 END)::text
              FROM spendwatch.transactions GROUP BY 1
            """)) {
      while (rows.next()) {
        expected.put(
            rows.getString(1),
            sums(
                rows.getLong(2),
                new BigInteger(rows.getString(3)),
                rows.getLong(4),
                new BigInteger(rows.getString(5))));
      }
    }
    return expected;
  }

  private String text(String query) throws SQLException {
    try (ResultSet found = sql.executeQuery(query)) {
      assertThat(found.next()).isTrue();
      return found.getString(1);
    }
  }
}
