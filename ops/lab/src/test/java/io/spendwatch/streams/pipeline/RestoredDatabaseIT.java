package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.NobodysWindows;
import io.spendwatch.ops.audit.Reconciliation;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.rewind.Rewind;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.Balance;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A database that is restored to an older point than the group's offsets: nothing is assessed on it
 * until somebody asks for what it lacks; then each row is as it was, and subscribers see no alert
 * twice.
 */
@ExtendWith(Servers.class)
class RestoredDatabaseIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final int BEFORE = 1_200;

  private PipelinesBed bed;
  private Spending spending;

  @BeforeEach
  void prepare(TestBed servers) throws Exception {
    bed = new PipelinesBed(servers.bootstrapServers(), servers.database());
    spending = new Spending(bed, 7);
  }

  @AfterEach
  void cleanUp() {
    bed.close();
  }

  @Test
  void readsAgainWhatItLacksOnceSomebodyAsksForIt() throws Exception {
    PipelinesNode node = bed.start("a");
    spendBeforeTheSnapshot();
    node.stop();
    bed.snapshot().take();
    node = bed.start("a");
    spendAfterTheSnapshot();
    List<String> rows = rows();
    List<String> published = published();
    node.stop();
    bed.snapshot().restore();

    node = bed.start("a");
    awaitRefused(node);
    assertThat(spending.stored()).as("nothing is assessed").isEqualTo(BEFORE);
    try (var rewind = new Operator()) {
      await().atMost(LIMIT).until(() -> rewind.need().balancesToApply() == 0);
      Rewind.Need need = rewind.need();
      assertThat(need.stretches()).isNotEmpty().allMatch(stretch -> stretch.gone() == 0);
      assertThat(spending.stored()).as("looking changes nothing").isEqualTo(BEFORE);
      rewind.ask(need);
      spending.awaitAndVerifyAssessedAgain();
      await().atMost(LIMIT).until(() -> rewind.need().stretches().isEmpty());
    }

    assertThat(rows()).isEqualTo(rows);
    assertThat(published()).as("nothing is published again").isEqualTo(published);
    assertThat(node.status().waitingFor()).isEmpty();
    assertThat(lost()).isEmpty();
    assertAuditIsClean();
    node.stop();
    bed.start("b");
    spending.spend(300);
    spending.awaitAndVerifyAssessedAgain();
    assertAuditIsClean();
  }

  @Test
  void noticesItWhileItRuns() throws Exception {
    PipelinesNode node = bed.start("a");
    spendBeforeTheSnapshot();
    node.stop();
    bed.snapshot().take();
    node = bed.start("a", "spendwatch.pipeline.end-offset-interval = 1 s");
    spendAfterTheSnapshot();
    List<String> published = published();
    bed.snapshot().restore();
    // Of each partition, or who has nothing to write would not look.
    spending.spend(400);

    awaitRefused(node);
    try (var rewind = new Operator()) {
      await()
          .atMost(LIMIT)
          .until(
              () -> {
                Rewind.Need need = rewind.need();
                if (need.balancesToApply() == 0 && !need.stretches().isEmpty()) {
                  rewind.ask(need);
                }
                return spending.stored() == BEFORE + 1_400;
              });
    }
    spending.awaitAndVerifyAssessedAgain();
    assertThat(published()).containsAll(published);
    assertAuditIsClean();
  }

  @Test
  void refusesAnEmptiedDatabaseToo() throws Exception {
    PipelinesNode node = bed.start("a");
    bed.snapshot().takeOfNothing();
    spendBeforeTheSnapshot();
    List<String> rows = rows();
    List<String> published = published();
    node.stop();
    bed.snapshot().restore();

    node = bed.start("a");
    awaitRefused(node);
    try (var rewind = new Operator()) {
      await().atMost(LIMIT).until(() -> rewind.need().balancesToApply() == 0);
      rewind.ask(rewind.need());
      spending.awaitAndVerifyAssessedAgain();
    }
    assertThat(rows()).isEqualTo(rows);
    assertThat(published()).isEqualTo(published);
    assertAuditIsClean();
  }

  /** As the command of the launcher. */
  private final class Operator implements AutoCloseable {
    private final StreamsConfig config =
        PipelinesNode.config(bed.settings("operator", "spendwatch.postgres.pool-size = 1"));
    private final Database database = Database.open(config.postgres());
    private final Rewind rewind = new Rewind(database, config.kafka());

    Rewind.Need need() {
      return rewind.need();
    }

    void ask(Rewind.Need need) {
      int _ = rewind.ask(need, "local");
    }

    @Override
    public void close() {
      var _ = database.close().toCompletableFuture().join();
    }
  }

  private void spendBeforeTheSnapshot() {
    spending.openAccounts();
    spending.spend(BEFORE);
    spending.awaitAndVerify();
    await().atMost(LIMIT).until(() -> bed.isCaughtUp());
  }

  private void spendAfterTheSnapshot() {
    for (int user = 0; user < 200; user += 2) {
      bed.send(
          new Balance(
              "u" + user, "user " + user, 90_000, "USD", Spending.START_MS + BEFORE * 30_000L - 1));
    }
    bed.flush();
    await()
        .atMost(LIMIT)
        .until(
            () ->
                bed.number("SELECT count(*) FROM spendwatch.accounts WHERE balance_minor = 90000")
                    == 100);
    spending.spend(1_000);
    spending.awaitAndVerify();
    await().atMost(LIMIT).until(() -> bed.isCaughtUp());
  }

  private static void awaitRefused(PipelinesNode node) {
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(node.status().partitions())
                    .extracting(PartitionStatus::waitingFor)
                    .anyMatch(
                        reason ->
                            String.valueOf(reason).contains("the database was put back")
                                && String.valueOf(reason).contains("spendwatch rewind")));
  }

  private void assertAuditIsClean() throws Exception {
    await().atMost(LIMIT).until(() -> bed.isCaughtUp());
    StreamsConfig config =
        PipelinesNode.config(
            bed.settings("auditor", "spendwatch.postgres.role = spendwatch_audit"));
    Database database = Database.open(config.postgres());
    try {
      AuditReport report =
          new Reconciliation(
                  database,
                  config.kafka(),
                  Configuration.load().audit(),
                  Optional.empty(),
                  new NobodysWindows(),
                  InstantSource.system())
              .run(Mode.FULL, Duration.ZERO)
              .orElseThrow();
      assertThat(report.isClean()).as(report.text()).isTrue();
    } finally {
      var _ = database.close().toCompletableFuture().join();
    }
  }

  /** All that was decided, without what a clock wrote. */
  private List<String> rows() {
    return bed.column(
        """
        SELECT concat_ws(' ', user_id, transaction_id, exposure_minor, balance_minor, verdict, kafka_partition, kafka_offset)
          FROM spendwatch.transactions
         ORDER BY kafka_partition, kafka_offset
        """);
  }

  private List<String> lost() {
    return bed.column("SELECT reason FROM spendwatch.lost_records");
  }

  private List<String> published() {
    return bed.allCommitted(bed.topics().alerts()).stream()
        .map(record -> AlertCodec.decode(record.value()).alertId())
        .sorted()
        .toList();
  }
}
