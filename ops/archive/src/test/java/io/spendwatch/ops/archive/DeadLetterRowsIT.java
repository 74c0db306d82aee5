package io.spendwatch.ops.archive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.archive.days.DeadLetterRows;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaServer;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Topics;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** A day's dead letters are those of both topics, whole. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeadLetterRowsIT {
  private static final LocalDate DAY = LocalDate.parse("2026-03-10");

  private final DataDirectory directory = DataDirectory.temporary();
  private KafkaServer kafka;

  @BeforeAll
  void start() {
    kafka = KafkaServer.start(directory.kafka(), 0);
    System.setProperty("spendwatch.kafka.bootstrap-servers", kafka.bootstrapServers());
    System.setProperty("spendwatch.postgres.uri", "postgresql://nobody@127.0.0.1:1/none");
  }

  @AfterAll
  void stop() {
    System.clearProperty("spendwatch.kafka.bootstrap-servers");
    System.clearProperty("spendwatch.postgres.uri");
    ConfigFactory.invalidateCaches();
    kafka.close();
    directory.close();
  }

  @Test
  void areThoseOfTheDayAndNoOthers() throws Exception {
    Topics topics = Topics.DEFAULT;
    Map<String, Object> properties = Map.of("bootstrap.servers", kafka.bootstrapServers());
    try (Admin admin = Admin.create(properties);
        var producer =
            new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      var _ =
          admin
              .createTopics(
                  List.of(
                      new NewTopic(
                          topics.transactionsDeadLetters(), Optional.of(2), Optional.of((short) 1)),
                      new NewTopic(
                          topics.balancesDeadLetters(), Optional.of(1), Optional.of((short) 1))))
              .all()
              .get(30, TimeUnit.SECONDS);
      send(producer, topics.transactionsDeadLetters(), 0, "2026-03-09T23:59:59.999Z", "before");
      send(producer, topics.transactionsDeadLetters(), 0, "2026-03-10T00:00:00Z", "first");
      send(producer, topics.transactionsDeadLetters(), 1, "2026-03-11T00:00:00Z", "after");
      // Put aside by a clock that is behind.
      send(producer, topics.transactionsDeadLetters(), 1, "2026-03-10T23:59:59.999Z", "last");
      send(producer, topics.balancesDeadLetters(), 0, "2026-03-10T12:00:00Z", null);
    }
    List<Object[]> rows = new ArrayList<>();
    new DeadLetterRows(new DeadLetterTopics(Configuration.load().streams().kafka()))
        .read(DAY, rows::add);
    assertThat(rows)
        .extracting(row -> row[7] == null ? null : new String((byte[]) row[7], UTF_8))
        .containsExactlyInAnyOrder("first", "last", null);
    assertThat(rows)
        .allSatisfy(
            row -> {
              assertThat(row).hasSize(ArchiveTable.DEAD_LETTERS.columns().size());
              assertThat(row[4]).isEqualTo("BAD_ID");
              assertThat(row[8]).isEqualTo("[[\"dlq.reason\",\"QkFEX0lE\"],[\"x\",null]]");
            });
  }

  private static void send(
      KafkaProducer<byte[], byte[]> producer, String topic, int partition, String at, String value)
      throws Exception {
    var letter =
        new ProducerRecord<>(
            topic,
            partition,
            Instant.parse(at).toEpochMilli(),
            new byte[] {(byte) 0xff, 0},
            value == null ? null : value.getBytes(UTF_8));
    letter.headers().add(DeadLetters.REASON, "BAD_ID".getBytes(UTF_8)).add("x", null);
    var _ = producer.send(letter).get(30, TimeUnit.SECONDS);
  }
}
