package io.spendwatch.ops.storage.topics;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Servers.class)
class TopicSetupIT {
  private static final Timekeeper TIME = Timekeeper.real(InstantSource.system());

  @Test
  void makesNothingTheSecondTime(TestBed bed) throws Exception {
    try (Admin admin = bed.admin()) {
      assertThat(
              new TopicSetup(admin, bed.topics(), TIME)
                  .create(OptionalInt.empty(), OptionalInt.empty()))
          .isEmpty();
    }
  }

  @Test
  void makesEachTopicOnceWhenTwoMakeThemAtOnce(TestBed bed) throws Exception {
    Topics topics = topics("at-once.");
    Callable<List<String>> create =
        () -> {
          try (Admin admin = bed.admin()) {
            return new TopicSetup(admin, topics, TIME).create(OptionalInt.of(2), OptionalInt.of(1));
          }
        };
    List<String> made = new ArrayList<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
      for (Future<List<String>> result : pool.invokeAll(Collections.nCopies(3, create))) {
        made.addAll(result.get());
      }
    }
    assertThat(made)
        .containsExactlyInAnyOrder(
            topics.transactions(),
            topics.balances(),
            topics.alerts(),
            topics.transactionsDeadLetters(),
            topics.balancesDeadLetters(),
            topics.salesMetrics());
  }

  @Test
  void keepsTheLastBalanceOfEachUser(TestBed bed) throws Exception {
    try (Admin admin = bed.admin()) {
      var resource = new ConfigResource(ConfigResource.Type.TOPIC, bed.topics().balances());
      var config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
      assertThat(config.get("cleanup.policy").value()).isEqualTo("compact");
    }
  }

  @Test
  void keepsTheLastSalesMetricsOfEachMinute(TestBed bed) throws Exception {
    try (Admin admin = bed.admin()) {
      var resource = new ConfigResource(ConfigResource.Type.TOPIC, bed.topics().salesMetrics());
      var config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
      assertThat(config.get("cleanup.policy").value()).isEqualTo("compact,delete");
    }
  }

  @Test
  void aDeadLetterTopicTakesTheLargestRecordOfItsSourceAndMoreHeaders(TestBed bed)
      throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers(), "max.request.size", 4 << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      var record =
          new ProducerRecord<byte[], byte[]>(
              bed.topics().transactionsDeadLetters(), new byte[1024 * 1024]);
      record.headers().add("dlq.message", new byte[4096]);
      assertThat(producer.send(record).get().hasOffset()).isTrue();
    }
  }

  private static Topics topics(String prefix) {
    return new Topics(
        prefix + "transactions",
        prefix + "balances",
        prefix + "alerts",
        prefix + "transactions.dlq",
        prefix + "balances.dlq",
        prefix + "sales.metrics");
  }
}
