package io.spendwatch.ops.archive;

import static io.spendwatch.ops.archive.ArchiveBed.DAY;
import static io.spendwatch.ops.archive.ArchiveBed.NEXT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.archive.store.FileStore;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaServer;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.rounds.Round;
import io.spendwatch.ops.rounds.RoundStep;
import io.spendwatch.ops.rounds.Rounds;
import io.spendwatch.ops.status.RoundsStatus;
import io.spendwatch.ops.status.RoundsStatus.State;
import io.spendwatch.ops.status.RoundsStatus.Step;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.database.Database;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Rounds of several processes over one database: a day leaves once, whoever of them dies. */
@ExtendWith(ArchiveBed.Shared.class)
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ArchiveRoundsIT {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration SHORT = Duration.ofSeconds(1);

  private ArchiveBed bed;
  private Database database;

  @TempDir private Path root;

  @BeforeAll
  void start(ArchiveBed shared) {
    bed = shared;
    database = bed.operational();
  }

  @AfterAll
  void stop() {
    bed.close(database);
  }

  @BeforeEach
  void empty() throws SQLException {
    bed.empty();
  }

  @Test
  void aDayThatIsOldLeavesWithARound() throws Exception {
    bed.write(DAY, 30);
    bed.write(NEXT, 5);
    List<String> before = bed.transactions(DAY);
    Rounds rounds = rounds("a", new FileStore(root), LONG, bed::audit);
    assertThat(rounds.run(Optional.of(HOUR), () -> true)).contains(complete());
    assertThat(bed.transactions(DAY)).as("retention has dropped it").isEmpty();
    assertThat(bed.transactions(NEXT)).hasSize(5);
    RoundsStatus status = bed.roundsStatus();
    assertThat(status.holder()).isNull();
    assertThat(status.completedAt()).isNotNull();
    assertThat(status.dueAt()).isAfter(status.completedAt());
    assertThat(status.steps())
        .extracting(Step::step, Step::state, Step::reason)
        .containsExactly(
            tuple("CLOSE", State.DONE, "2 days are due, from 2026-03-10"),
            tuple("AUDIT", State.DONE, "all of them are clean"),
            // 35 transactions, 40 alerts, 4 versions of balances, 5 accounts at the ends of the
            // days.
            tuple("EXPORT", State.DONE, "2 days with 84 new rows"),
            tuple("VERIFY", State.DONE, "2 days are as written"),
            tuple("LOAD", State.DONE, "there is no warehouse"),
            tuple("FEATURES", State.DONE, "there are none yet"),
            tuple("RETENTION", State.DONE, "1 partition was dropped"));
    assertThat(status.steps())
        .allSatisfy(
            step -> {
              assertThat(step.begunAt()).isNotNull();
              assertThat(step.tookMs()).isNotNegative();
              assertThat(step.doneAt()).isNotNull();
              assertThat(step.retryAt()).isNull();
            });
    try (Archive archive = bed.archive(root)) {
      assertThat(archive.restore(DAY).restored()).isEqualTo(30);
    }
    assertThat(bed.transactions(DAY)).isEqualTo(before);

    assertThat(rounds.run(Optional.of(HOUR), () -> true)).as("none is due").isEmpty();
    assertThat(rounds.run(Optional.empty(), () -> true)).contains(complete());
    assertThat(step("CLOSE").reason()).isEqualTo("no day is due");
    assertThat(step("VERIFY").reason()).isEqualTo("nothing to read");
  }

  @Test
  void oneHasTheTurnForAsLongAsItIsAtIt() throws Exception {
    bed.write(DAY, 5);
    var store = new HeldStore(new FileStore(root));
    CompletableFuture<Optional<Round.Ending>> one = began(rounds("a", store, SHORT, bed::audit));
    store.reached().get(60, TimeUnit.SECONDS);
    Rounds other = rounds("b", new FileStore(root), SHORT, bed::audit);
    assertThat(other.run(Optional.empty(), () -> true)).isEmpty();
    assertThat(bed.roundsStatus().holder()).isEqualTo("a");
    assertThat(step("EXPORT").state()).isEqualTo(State.RUNNING);
    // Longer than it was granted: it is renewed.
    await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () ->
                bed.column(
                        "SELECT clock_timestamp() > begun_at + interval '2500 ms' FROM spendwatch.archive_rounds")
                    .getFirst()
                    .equals("t"));
    assertThat(other.run(Optional.empty(), () -> true)).isEmpty();
    store.release();
    assertThat(one.get(60, TimeUnit.SECONDS)).contains(complete());
    assertThat(other.run(Optional.of(HOUR), () -> true)).as("it was done").isEmpty();
    assertThat(bed.transactions(DAY)).isEmpty();
  }

  /** Its connections are gone, as those of a process that was killed; the thread hangs for now. */
  @Test
  void anotherOneGoesOnWhenItDiesInTheMidst() throws Exception {
    bed.write(DAY, 5);
    var store = new HeldStore(new FileStore(root));
    Database own = bed.operational();
    CompletableFuture<Optional<Round.Ending>> dying =
        began(bed.rounds("a", own, root, store, SHORT, bed::audit));
    store.reached().get(60, TimeUnit.SECONDS);
    bed.close(own);
    bed.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spendwatch-archive'");
    Rounds other = rounds("b", new FileStore(root), LONG, bed::audit);
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> {
              Optional<Round.Ending> ending = other.run(Optional.of(HOUR), () -> true);
              if (ending.isEmpty()) {
                assertThat(step("EXPORT").reason())
                    .isIn(null, "for another node: a has not come back");
              }
              assertThat(ending).contains(complete());
            });
    assertThat(bed.transactions(DAY)).isEmpty();
    store.release();
    assertThatThrownBy(() -> dying.get(60, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class);
    assertThat(bed.roundsStatus().steps()).extracting(Step::state).containsOnly(State.DONE);
    try (Archive archive = bed.archive(root)) {
      archive.verify(Optional.empty(), (_, findings) -> assertThat(findings).isEmpty());
      assertThat(archive.restore(DAY).restored()).isEqualTo(5);
    }
  }

  /** It was paused, say: it learns of it, and leaves what is noted to who has the turn now. */
  @Test
  void whoHasLostTheTurnNotesNothing() throws Exception {
    bed.write(DAY, 5);
    var store = new HeldStore(new FileStore(root));
    CompletableFuture<Optional<Round.Ending>> paused = began(rounds("a", store, LONG, bed::audit));
    store.reached().get(60, TimeUnit.SECONDS);
    bed.sql("UPDATE spendwatch.archive_rounds SET held_until = clock_timestamp()");
    assertThat(step("EXPORT"))
        .returns(State.WAITING, Step::state)
        .returns("for another node: a has not come back", Step::reason);
    // The archive is still open there, and its lock holds.
    Rounds other = rounds("b", new FileStore(root), LONG, bed::audit);
    assertThat(other.run(Optional.empty(), () -> true))
        .contains(
            new Round.Ending(
                RoundStep.CLOSE,
                State.WAITING,
                "for another process that is at work in the archive"));
    store.release();
    assertThat(paused.get(60, TimeUnit.SECONDS)).isEmpty();
    assertThat(step("CLOSE").state()).isEqualTo(State.WAITING);
    assertThat(step("EXPORT").reason()).isEqualTo("for close");
    assertThat(other.run(Optional.empty(), () -> true)).contains(complete());
  }

  @Test
  void whatAStoreRefusesIsTriedAgain() throws Exception {
    bed.write(DAY, 5);
    var store = new BrokenStore(new FileStore(root), 1, false);
    Rounds rounds = rounds("a", store, LONG, bed::audit);
    assertThat(rounds.run(Optional.of(HOUR), () -> true))
        .contains(new Round.Ending(RoundStep.EXPORT, State.FAILED, "No space left on device"));
    RoundsStatus status = bed.roundsStatus();
    assertThat(status.completedAt()).isNull();
    assertThat(status.steps())
        .extracting(Step::step, Step::state, Step::reason)
        .containsExactly(
            tuple("CLOSE", State.DONE, "1 day is due, from 2026-03-10"),
            tuple("AUDIT", State.DONE, "all of them are clean"),
            tuple("EXPORT", State.FAILED, "No space left on device"),
            tuple("VERIFY", State.WAITING, "for export"),
            tuple("LOAD", State.WAITING, "for export"),
            tuple("FEATURES", State.WAITING, "for export"),
            tuple("RETENTION", State.WAITING, "for export"));
    assertThat(status.dueAt()).isAfterOrEqualTo(step("EXPORT").retryAt());
    assertThat(bed.transactions(DAY)).hasSize(5);
    bed.sql(
        "UPDATE spendwatch.archive_rounds SET retry_at = clock_timestamp() + interval '1 hour'");
    assertThat(rounds.run(Optional.of(HOUR), () -> true)).as("it rests").isEmpty();
    bed.sql("UPDATE spendwatch.archive_rounds SET retry_at = clock_timestamp()");
    assertThat(rounds.run(Optional.of(HOUR), () -> true)).contains(complete());
    assertThat(step("EXPORT")).returns(State.DONE, Step::state).returns(null, Step::retryAt);
    assertThat(bed.column("SELECT tries FROM spendwatch.archive_round_steps WHERE step = 'EXPORT'"))
        .containsExactly("0");
    assertThat(bed.transactions(DAY)).isEmpty();
  }

  @Test
  void whatIsNotAuditedWaitsAndSaysForWhat() throws Exception {
    bed.write(DAY, 5);
    var audits = new AtomicInteger();
    Rounds rounds = rounds("a", new FileStore(root), LONG, audits::incrementAndGet);
    assertThat(rounds.run(Optional.empty(), () -> true).orElseThrow())
        .returns(RoundStep.AUDIT, Round.Ending::step)
        .returns(State.WAITING, Round.Ending::state)
        .returns(
            "2026-03-10: no audit has found it clean since its last transaction was written"
                + " (`spendwatch audit`)",
            Round.Ending::reason);
    assertThat(audits).hasValue(1);
    assertThat(step("RETENTION").reason()).isEqualTo("for audit");
    bed.audit();
    assertThat(rounds.run(Optional.empty(), () -> true)).contains(complete());
    assertThat(audits).hasValue(1);
  }

  @Test
  void aFileThatIsMissingKeepsTheDay() throws Exception {
    keepsTheDay(Files::delete);
  }

  @Test
  void aFileThatIsDamagedKeepsTheDay() throws Exception {
    keepsTheDay(
        file -> {
          byte[] bytes = Files.readAllBytes(file);
          bytes[bytes.length / 2] ^= 1;
          Files.write(file, bytes);
        });
  }

  /** What a disk may do. */
  private interface Damage {
    void happen(Path file) throws IOException;
  }

  private void keepsTheDay(Damage damage) throws Exception {
    bed.write(DAY, 5);
    var store =
        new BrokenStore(new FileStore(root), Integer.MAX_VALUE, false) {
          @Override
          public boolean putIf(String name, byte[] content, Optional<String> replaced) {
            boolean isPut = super.putIf(name, content, replaced);
            // After it was read back.
            for (Entry entry : list("transactions/")) {
              try {
                damage.happen(root.resolve(entry.name()));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            }
            return isPut;
          }
        };
    Round.Ending ending =
        rounds("a", store, LONG, bed::audit).run(Optional.empty(), () -> true).orElseThrow();
    assertThat(ending)
        .returns(RoundStep.VERIFY, Round.Ending::step)
        .returns(State.FAILED, Round.Ending::state);
    assertThat(ending.reason()).contains("2026-03-10: DAMAGED_FILE", "spendwatch archive verify");
    assertThat(bed.transactions(DAY)).hasSize(5);
    assertThat(step("RETENTION").reason()).isEqualTo("for verify");
  }

  @Test
  void whoIsOnTheWayOutEndsBetweenDays() throws Exception {
    bed.write(DAY, 5);
    bed.write(NEXT, 5);
    // Asked at the begin of each step, and before each day: not before the second one.
    var left = new AtomicInteger(4);
    Rounds rounds = rounds("a", new FileStore(root), LONG, bed::audit);
    assertThat(rounds.run(Optional.of(HOUR), () -> left.getAndDecrement() > 0).orElseThrow())
        .returns(RoundStep.EXPORT, Round.Ending::step)
        .returns(State.WAITING, Round.Ending::state);
    assertThat(bed.column("SELECT day FROM spendwatch.archived_days"))
        .containsExactly(DAY.toString());
    // At once: it rests for nothing.
    assertThat(
            rounds("b", new FileStore(root), LONG, bed::audit).run(Optional.of(HOUR), () -> true))
        .contains(complete());
    assertThat(bed.column("SELECT day FROM spendwatch.archived_days ORDER BY day"))
        .containsExactly(DAY.toString(), NEXT.toString());
  }

  /**
   * Transactions of five days ago, and of now, on servers of its own, and a node with nothing but
   * settings.
   */
  @Test
  void aNodeDoesThemBySchedule() throws Exception {
    Instant now = Instant.now();
    LocalDate day = LocalDate.ofInstant(now, ZoneOffset.UTC).minusDays(5);
    // For an hour the day before is waited for.
    Instant settled = now.truncatedTo(ChronoUnit.HOURS).minus(Duration.ofHours(1));
    String uri = bed.madeDatabase("of_a_node");
    Node node = null;
    try (DataDirectory directory = DataDirectory.temporary();
        KafkaServer kafka = KafkaServer.start(directory.kafka(), 0);
        var _ =
            new Settings()
                .set("spendwatch.kafka.bootstrap-servers", kafka.bootstrapServers())
                .set("spendwatch.postgres.uri", uri)
                .set("spendwatch.http.port", "0")
                .set("spendwatch.archive.uri", "file://" + root)
                .set("spendwatch.archive.settled", "24h")
                .set("spendwatch.archive.rounds.every", "1s")
                .set("spendwatch.archive.rounds.retry.min", "1s")
                .set("spendwatch.partitions.retention", "3d")) {
      assertThat(Spendwatch.run(Spendwatch.COMMANDS, "migrate")).isZero();
      produce(kafka, "old", day.atTime(12, 0).toInstant(ZoneOffset.UTC));
      produce(kafka, "new", now);
      node = Node.start(Configuration.load(), InstantSource.system());
      Node started = node;
      await().atMost(Duration.ofMinutes(3)).until(() -> left(uri).equals("new 1"));
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> {
                assertThat(started.status().rounds()).isNotNull();
                assertThat(started.status().rounds().completedAt()).isNotNull();
              });
      assertThat(manifest(day).table(ArchiveTable.TRANSACTIONS).totals().rows()).isEqualTo(1);
      assertThat(manifest(day).auditRun()).as("it was audited").isPositive();
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
      assertThat(command("archive", "run"))
          .containsExactly(
              "close       no day is due",
              "audit       nothing to audit",
              "export      nothing to copy",
              "verify      nothing to read",
              "load        there is no warehouse",
              "features    as of " + LocalDate.ofInstant(settled, ZoneOffset.UTC),
              "retention   nothing was dropped");
    } finally {
      if (node != null) {
        node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
      }
    }
  }

  /** The transactions that are in the table, and how many days have left it. */
  private static String left(String uri) throws SQLException {
    try (Connection connection = PostgresAddress.parse(uri, "", "").connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT concat_ws(' ', string_agg(transaction_id, ','),"
                    + " (SELECT count(dropped_at) FROM spendwatch.archived_days)) FROM spendwatch.transactions")) {
      assertThat(rows.next()).isTrue();
      return rows.getString(1);
    }
  }

  /** What it prints, where its status is 0. */
  private static List<String> command(String... arguments) {
    var out = new StringWriter();
    CommandLine commandLine = Spendwatch.commandLine(ArchiveCommand.commands());
    commandLine.setOut(new PrintWriter(out, true));
    assertThat(commandLine.execute(arguments)).isZero();
    return out.toString().lines().toList();
  }

  private static void produce(KafkaServer kafka, String id, Instant at) throws Exception {
    var transaction =
        new Transaction(
            id, "u1", 100, "USD", at.toEpochMilli(), TransactionKind.PURCHASE, "m-1", null);
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", kafka.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      var _ =
          producer
              .send(
                  new ProducerRecord<>(
                      Topics.DEFAULT.transactions(),
                      "u1".getBytes(UTF_8),
                      TransactionCodec.encode(transaction)))
              .get(60, TimeUnit.SECONDS);
    }
  }

  private Manifest manifest(LocalDate day) throws IOException {
    return Manifest.of(day, Files.readAllBytes(root.resolve(Manifest.name(day))));
  }

  /** In force in this JVM until they are closed. */
  private static final class Settings implements AutoCloseable {
    private final List<String> keys = new ArrayList<>();

    Settings set(String key, String value) {
      keys.add(key);
      System.setProperty(key, value);
      return this;
    }

    @Override
    public void close() {
      keys.forEach(System::clearProperty);
      ConfigFactory.invalidateCaches();
    }
  }

  private Rounds rounds(String holder, ArchiveStore store, Duration lease, Runnable audit) {
    return bed.rounds(holder, database, root, store, lease, audit);
  }

  private static Round.Ending complete() {
    return new Round.Ending(null, State.DONE, "");
  }

  private static CompletableFuture<Optional<Round.Ending>> began(Rounds rounds) {
    var ending = new CompletableFuture<Optional<Round.Ending>>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                ending.complete(rounds.run(Optional.empty(), () -> true));
              } catch (RuntimeException e) {
                ending.completeExceptionally(e);
              }
            });
    return ending;
  }

  private Step step(String name) {
    return bed.roundsStatus().steps().stream()
        .filter(step -> step.step().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
