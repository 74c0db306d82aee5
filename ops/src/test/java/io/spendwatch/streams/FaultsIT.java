package io.spendwatch.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.schema.PostgresAddress;
import io.spendwatch.ops.servers.KafkaServer;
import io.spendwatch.ops.servers.PostgresServer;
import io.spendwatch.streams.PartitionStatus.State;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers and nodes fail in the middle of it; nothing is lost, nothing doubled. */
class FaultsIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir private Path directory;
  private KafkaServer kafka;
  private PostgresServer postgres;
  private PipelinesBed bed;

  @BeforeEach
  void prepare() throws Exception {
    kafka = KafkaServer.start(directory.resolve("kafka"), 0);
    postgres = PostgresServer.start(directory.resolve("postgres"), 0);
    bed = new PipelinesBed(kafka.bootstrapServers(), PostgresAddress.parse(postgres.uri(), "", ""));
  }

  @AfterEach
  void cleanUp() {
    bed.close();
    kafka.close();
    postgres.close();
  }

  @Test
  void waitsForPostgresAndGoesOn() {
    PipelinesBed.Node node = bed.start("a");
    Spending spending = new Spending(bed, 1);
    spending.openAccounts();
    spending.spend(20_000);
    spending.awaitStored(0.2);

    postgres.close();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(node.status().partitions())
                    .anySatisfy(
                        partition -> {
                          assertThat(partition.state()).isEqualTo(State.WAITING);
                          assertThat(partition.waitingFor()).contains("refused");
                        }));
    assertThat(node.status().balancesPushed()).isFalse();
    postgres = PostgresServer.start(directory.resolve("postgres"), postgres.port());

    spending.awaitAndVerify();
    await().atMost(LIMIT).until(() -> node.status().isHealthy() && node.status().balancesPushed());
  }

  @Test
  void waitsForKafkaAndGoesOn() {
    PipelinesBed.Node node = bed.start("a");
    Spending spending = new Spending(bed, 2);
    spending.openAccounts();
    spending.spend(20_000);
    spending.awaitStored(0.2);

    kafka.close();
    await().atMost(LIMIT).until(() -> node.status().waitingFor() != null);
    kafka = KafkaServer.start(directory.resolve("kafka"), kafka.port());

    spending.awaitAndVerify();
    await().atMost(LIMIT).until(() -> node.status().isHealthy());
  }

  @Test
  void losesAndDoublesNothingWhenNodesAreKilled() {
    Spending spending = new Spending(bed, 3);
    try (KilledNode first = KilledNode.start(bed.settings("a", ""))) {
      spending.openAccounts();
      spending.spend(10_000);
      spending.awaitStored(0.1);
      assertThat(first.isAlive()).isTrue();
    }
    for (double share : new double[] {0.3, 0.5, 0.7}) {
      try (KilledNode next = KilledNode.start(bed.settings("a", ""))) {
        spending.spend(5_000);
        spending.awaitStored(share);
        assertThat(next.isAlive()).isTrue();
      }
    }
    bed.start("a");
    spending.awaitAndVerify();
  }

  @Test
  void givesUpConnectionsThatDiedWithoutAWord() {
    try (FaultyLink link = new FaultyLink("127.0.0.1", postgres.port())) {
      PipelinesBed.Node node =
          bed.start(
              "a",
              """
              spendwatch.postgres {
                uri = "%s"
                statement-timeout = 2 s, deadline-margin = 500 ms, probe-interval = 1 s
              }
              """
                  .formatted(
                      bed.postgresUri()
                          .replace(":" + postgres.port() + "/", ":" + link.port() + "/")));
      Spending spending = new Spending(bed, 4);
      spending.openAccounts();
      await().atMost(LIMIT).until(() -> node.status().balancesPushed());
      spending.spend(5_000);
      spending.awaitStored(0.2);

      String diedAt = bed.column("SELECT clock_timestamp()").getFirst();
      link.goDead();

      spending.awaitAndVerify();
      await()
          .atMost(LIMIT)
          .until(
              () ->
                  bed.number(
                          "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'spendwatch-push' AND backend_start > '"
                              + diedAt
                              + "'")
                      == 1);
    }
  }
}
