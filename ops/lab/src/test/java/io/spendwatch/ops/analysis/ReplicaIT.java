package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.FreeQueries.Question;
import io.spendwatch.ops.analysis.Replica.Standing;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.storage.rollups.WrittenRows;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.Schema;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.database.Database;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real replica, behind, killed, promoted: questions go elsewhere and say so, and whoever writes
 * notices nothing. Each test leaves a replica that follows.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplicaIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String COUNT = "SELECT count(*) FROM spendwatch.transactions";

  private Path directory;
  private PostgresServer primary;
  private PostgresServer server;
  private NodeSettings settings;
  private Database writer;
  private Database analytics;
  private Database replicas;
  private Replica replica;
  private Connection onPrimary;
  private WrittenRows rows;

  @BeforeAll
  void start(@TempDir Path temporary) throws SQLException {
    directory = temporary;
    primary = PostgresServer.start(directory.resolve("primary"), 0);
    PostgresAddress address = PostgresAddress.parse(primary.uri(), "", "");
    int _ = new Schema(address).migrate(Instant.now());
    onPrimary = address.connect("test");
    writeMoreThanASlotKeeps();
    server = PostgresServer.startReplica(directory.resolve("replica"), primary, 0);
    settings =
        NodeSettings.of(new TestBed("127.0.0.1:1", address, Topics.DEFAULT, "none"))
            .set("spendwatch.postgres-replica.uri", server.uri());
    Configuration configuration = Configuration.load();
    writer = Database.open(configuration.streams().postgres());
    analytics = Database.open(configuration.analytics());
    replicas = Database.open(configuration.replica().orElseThrow());
    replica = new Replica(replicas, analytics);
    try (Statement sql = onPrimary.createStatement()) {
      WrittenRows.empty(sql, LocalDate.parse("2026-04-12"));
    }
    rows = new WrittenRows(new Random(1), writer);
    for (int i = 0; i < 20; i++) {
      var _ = rows.write();
    }
    follows();
  }

  /** More than max_slot_wal_keep_size, and less than what leads to a checkpoint. */
  private void writeMoreThanASlotKeeps() throws SQLException {
    execute(onPrimary, "CHECKPOINT");
    execute(
        onPrimary,
        "SELECT count(pg_logical_emit_message(false, 'filler', repeat('x', 1048576))) FROM generate_series(1, 1040)");
  }

  @AfterAll
  void stop() throws SQLException {
    onPrimary.close();
    for (Database database : new Database[] {writer, analytics, replicas}) {
      var _ = database.close().toCompletableFuture().join();
    }
    settings.close();
    server.close();
    primary.close();
  }

  @Test
  void whatIsDearOrOldIsAnsweredThereAndSaysOfWhichMoment() throws SQLException {
    var _ = rows.write();
    long lsn = lsn();
    AnalysisAnswer answer = answer(COUNT, Optional.empty(), OptionalLong.of(lsn));
    assertThat(answer.source()).isEqualTo("replica");
    assertThat(answer.because()).contains("behind");
    assertThat(answer.rows().getFirst().getFirst()).isEqualTo(number(onPrimary, COUNT));
    assertThat(answer.asOf()).isBeforeOrEqualTo(Instant.now()).isAfter(Instant.EPOCH);
    // Cheap: there is no need.
    assertThat(queries(1_000_000, 1_000_000).route(Question.of("SELECT 1")))
        .succeedsWithin(PATIENCE)
        .matches(routed -> routed.route() instanceof Route.ByPrimary);
    // Nothing new comes in old days.
    String old =
        "SELECT count(*) FROM spendwatch.transactions WHERE event_time < '2026-03-28T00:00:00Z'";
    execute(
        onPrimary,
        "INSERT INTO spendwatch.hourly_spend VALUES ('2026-04-09T11:00:00Z', '', 'USD', 1, 1, 0, 0)");
    assertThat(queries(1_000_000, 1_000_000).route(Question.of(old)))
        .succeedsWithin(PATIENCE)
        .matches(routed -> routed.route() instanceof Route.ByReplica);
  }

  @Test
  void anIdlePrimaryHasAReplicaThatLacksNothing() throws Exception {
    follows();
    try (Connection there = connect(server)) {
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  number(
                          there,
                          "SELECT (1000 * extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()))::bigint")
                      > 1500);
    }
    // By places, it is not older for that. Autovacuum may write just now.
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              Standing.Follows follows = (Standing.Follows) look();
              assertThat(follows.lagBytes()).isZero();
              assertThat(follows.lag()).isZero();
              assertThat(answer(COUNT, Optional.of(Duration.ZERO), OptionalLong.empty()).source())
                  .isEqualTo("replica");
            });
  }

  @Test
  void whereItsReplayIsPausedItIsAskedAsFarAsItsAgeMayBe() throws Exception {
    follows();
    long before = number(onPrimary, COUNT);
    try (Connection there = connect(server)) {
      execute(there, "SELECT pg_wal_replay_pause()");
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  number(there, "SELECT (pg_get_wal_replay_pause_state() = 'paused')::int::bigint")
                      == 1);
      int written = 0;
      while (written < 20) {
        written += rows.write();
      }
      long now = number(onPrimary, COUNT);
      assertThat(now).isGreaterThan(before);
      await()
          .atMost(PATIENCE)
          .until(() -> look() instanceof Standing.Follows f && f.lag().toMillis() > 300);
      Standing.Follows paused = (Standing.Follows) look();
      assertThat(paused.isPaused()).isTrue();
      assertThat(paused.lagBytes()).isPositive();
      assertThat(ReplicaWatch.status(paused, Duration.ofMillis(100)).trouble()).contains("paused");

      AnalysisAnswer old = answer(COUNT, Optional.empty(), OptionalLong.empty());
      assertThat(old.source()).isEqualTo("replica");
      assertThat(old.rows().getFirst().getFirst()).isEqualTo(before);
      assertThat(old.ageMs()).isPositive();
      assertThat(old.asOf()).isBefore(Instant.now().minusMillis(300));

      AnalysisAnswer current =
          answer(COUNT, Optional.of(Duration.ofMillis(100)), OptionalLong.empty());
      assertThat(current.source()).isEqualTo("primary");
      assertThat(current.because()).contains("not from the replica", "paused", "100 ms");
      assertThat(current.rows().getFirst().getFirst()).isEqualTo(now);

      AnalysisAnswer own = answer(COUNT, Optional.empty(), OptionalLong.of(lsn()));
      assertThat(own.source()).isEqualTo("primary");
      assertThat(own.because()).contains("has not replayed");

      assertThatThrownBy(
              () ->
                  AnalysisBed.joined(
                      queries(1, 1)
                          .answer(
                              new Question(
                                  COUNT, Optional.of(Duration.ofMillis(100)), OptionalLong.empty()),
                              AnalysisBed.wanted())))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("not from the replica")
          .hasMessageContaining("what would answer");
      execute(there, "SELECT pg_wal_replay_resume()");
    }
    follows();
    AnalysisAnswer own = answer(COUNT, Optional.empty(), OptionalLong.of(lsn()));
    assertThat(own.source()).isEqualTo("replica");
    assertThat(own.rows().getFirst().getFirst()).isEqualTo(number(onPrimary, COUNT));
  }

  @Test
  void whereItIsKilledThePrimaryAnswersInTheMidstOfItToo() throws Exception {
    follows();
    Path mark = directory.resolve("replica/data/mark");
    Files.createFile(mark);
    var asked =
        queries(1, 1_000_000)
            .answer(
                Question.of("SELECT count(*), pg_sleep(2)::text FROM spendwatch.transactions"),
                AnalysisBed.wanted());
    try (Connection there = connect(server)) {
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  number(
                          there,
                          "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'FETCH%' AND state = 'active'")
                      > 0);
    }
    server.kill();
    AnalysisAnswer answer = AnalysisBed.joined(asked);
    assertThat(answer.source()).isEqualTo("primary");
    assertThat(answer.because()).contains("not from the replica");
    var _ = rows.write();
    assertThat(look()).isInstanceOf(Standing.Unusable.class);
    assertThat(answer(COUNT, Optional.empty(), OptionalLong.empty()).source()).isEqualTo("primary");

    restart();
    follows();
    assertThat(mark).as("it has followed on").exists();
    assertThat(answer(COUNT, Optional.empty(), OptionalLong.of(lsn())).source())
        .isEqualTo("replica");
  }

  @Test
  void onePromotedByAccidentIsNotAskedAndMadeAnew() throws Exception {
    follows();
    try (Connection there = connect(server)) {
      execute(there, "SELECT pg_promote()");
      execute(there, "CREATE TABLE public.of_its_own (a int)");
    }
    assertThat(look())
        .isInstanceOfSatisfying(
            Standing.Unusable.class, why -> assertThat(why.reason()).contains("promoted"));
    var _ = rows.write();
    AnalysisAnswer answer = answer(COUNT, Optional.empty(), OptionalLong.empty());
    assertThat(answer.source()).isEqualTo("primary");
    assertThat(answer.because()).contains("promoted");
    assertThat(answer.rows().getFirst().getFirst()).isEqualTo(number(onPrimary, COUNT));

    server.close();
    restart();
    follows();
    assertThat(answer(COUNT, Optional.empty(), OptionalLong.of(lsn())).source())
        .isEqualTo("replica");
  }

  private void restart() {
    server = PostgresServer.startReplica(directory.resolve("replica"), primary, server.port());
  }

  private void follows() {
    await()
        .atMost(PATIENCE)
        .until(() -> look() instanceof Standing.Follows f && f.lagBytes() == 0 && f.lag().isZero());
  }

  private Standing look() {
    return replica.look().toCompletableFuture().join();
  }

  private long lsn() throws SQLException {
    return Replica.place(text(onPrimary, "SELECT pg_current_wal_flush_lsn()::text"));
  }

  private FreeQueries queries(long dear, long primaryMax) {
    return new FreeQueries(
        analytics,
        Optional.of(replica),
        new ArchiveAccess.Absent("there is none"),
        new AnalysisConfig(
            Duration.ofSeconds(20),
            new AnalysisConfig.Costs(dear, primaryMax, 1_000_000_000),
            Duration.ofSeconds(60),
            Duration.ofSeconds(1),
            100,
            10_000,
            new AnalysisConfig.Sharing(Duration.ZERO, 0, 0)));
  }

  private AnalysisAnswer answer(String sql, Optional<Duration> ageMax, OptionalLong atLeast) {
    return AnalysisBed.joined(
        queries(1, 1_000_000).answer(new Question(sql, ageMax, atLeast), AnalysisBed.wanted()));
  }

  private static Connection connect(PostgresServer server) throws SQLException {
    return PostgresAddress.parse(server.uri(), "", "").connect("test");
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean _ = statement.execute(sql);
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    return Long.parseLong(text(connection, sql));
  }

  private static String text(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet found = statement.executeQuery(sql)) {
      assertThat(found.next()).isTrue();
      return found.getString(1);
    }
  }
}
