package io.spendwatch.streams.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.ports.History.Entry;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.actors.ports.History.UserQuery;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.ledger.PgHistory;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.spendwatch.streams.pipeline.StreamsConfig;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pools of a node, on a real server. */
@Timeout(60)
@ExtendWith(Servers.class)
class DatabaseIT {
  private final List<Database> opened = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (Database database : opened) {
      var _ = database.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "current_user, spendwatch_oltp, spendwatch_oltp, spendwatch_olap",
    "application_name, spendwatch, spendwatch-writes, spendwatch-analytics",
    "statement_timeout, 20s, 20s, 5min",
    "lock_timeout, 10s, 10s, 10s",
    "idle_in_transaction_session_timeout, 10s, 10s, 5min",
    "work_mem, 4MB, 4MB, 64MB",
    "max_parallel_workers_per_gather, 2, 2, 0",
    "plan_cache_mode, force_custom_plan, force_generic_plan, force_custom_plan",
    "TimeZone, UTC, UTC, UTC",
  })
  void eachPoolHasItsRoleAndItsBounds(
      String what, String hot, String writes, String analytics, TestBed bed) {
    String sql =
        what.equals("current_user")
            ? "SELECT current_user::text"
            : "SELECT current_setting('" + what + "')";
    assertThat(text(open(bed, "postgres", ""), sql)).isEqualTo(hot);
    assertThat(text(open(bed, "postgres-writes", ""), sql)).isEqualTo(writes);
    assertThat(text(open(bed, "postgres-analytics", ""), sql)).isEqualTo(analytics);
  }

  /** The driver does not keep long ones unless told to. */
  @ParameterizedTest
  @CsvSource({"postgres, 'custom 3, generic 0'", "postgres-writes, 'custom 0, generic 3'"})
  void aLongStatementIsParsedOnceAndItsPlanIsKeptForWrites(
      String section, String plans, TestBed bed) {
    Database database = open(bed, section, section + ".pool-size = 1");
    String statement = "SELECT $1::text -- " + "long ".repeat(1000);
    for (int i = 0; i < 3; i++) {
      var _ = join(database.execute(statement, Tuple.of("x")));
    }
    assertThat(
            text(
                database,
                "SELECT format('custom %s, generic %s', custom_plans, generic_plans)"
                    + " FROM pg_prepared_statements WHERE statement LIKE '%long long%' AND statement LIKE 'SELECT $1%'"))
        .isEqualTo(plans);
  }

  @Test
  void theRoleComesBackAfterAReset(TestBed bed) {
    Database hot = open(bed, "postgres", "postgres.pool-size = 1");
    var _ = join(hot.execute("RESET ROLE", Tuple.tuple()));
    assertThat(text(hot, "SELECT current_user::text")).isEqualTo("spendwatch_oltp");
  }

  @Test
  void anEmptyRoleLeavesTheUsersOwnPrivileges(TestBed bed) {
    assertThat(text(open(bed, "postgres", "postgres.role = \"\""), "SELECT current_user::text"))
        .isEqualTo(bed.database().user());
  }

  @Test
  void aRoleThatIsMissingIsSaidInOneLineAndBlamedOnNoRecord(TestBed bed) {
    assertThatThrownBy(
            () ->
                text(
                    open(bed, "postgres-analytics", "postgres-analytics.role = nobody"),
                    "SELECT 'x'"))
        .satisfies(
            failure -> {
              Throwable cause = Retry.cause(failure);
              assertThat(PgFailure.describe(cause))
                  .startsWith("PostgreSQL: ")
                  .contains("\"nobody\" does not exist")
                  .contains("spendwatch migrate")
                  .contains("leave spendwatch.postgres-analytics.role empty")
                  .doesNotContain("\n");
              assertThat(PgFailure.isOfTheData(cause)).isFalse();
            });
  }

  @Test
  void anOverfullAnalyticalPoolRefusesAndDoesNotTouchTheHotOne(TestBed bed) throws SQLException {
    Database analytics =
        open(
            bed,
            "postgres-analytics",
            "postgres-analytics { pool-size = 1, wait-queue-max = 2, statement-timeout = 1 m }");
    Database hot = open(bed, "postgres", "");
    // Else the first would wait for a connection, too.
    assertThat(text(analytics, "SELECT 'connected'")).isEqualTo("connected");
    List<CompletableFuture<RowSet<Row>>> asked;
    try (Connection held = bed.database().connect("test");
        Statement statement = held.createStatement()) {
      // None of those that are let in is over before it is let go.
      boolean _ = statement.execute("SELECT pg_advisory_lock(4711)");
      asked =
          IntStream.range(0, 8)
              .mapToObj(
                  _ ->
                      analytics
                          .execute("SELECT pg_advisory_xact_lock_shared(4711)", Tuple.tuple())
                          .toCompletableFuture())
              .toList();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  asked.stream().filter(CompletableFuture::isCompletedExceptionally).count() >= 5);
      assertThat(text(hot, "SELECT 'served'")).isEqualTo("served");
      assertThat(asked).noneMatch(answer -> answer.isDone() && !answer.isCompletedExceptionally());
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> asked.stream().allMatch(CompletableFuture::isDone));
    assertThat(asked).filteredOn(answer -> !answer.isCompletedExceptionally()).hasSize(3);
  }

  @Test
  void aTransactionSeesOneMomentAndMayUseTemporaryTables(TestBed bed) {
    Database analytics = open(bed, "postgres-analytics", "");
    Database hot = open(bed, "postgres", "");
    long before =
        join(analytics.transaction(
                statements ->
                    statements
                        .execute(
                            "CREATE TEMPORARY TABLE seen ON COMMIT DROP AS SELECT count(*) AS n FROM spendwatch.accounts",
                            Tuple.tuple())
                        .thenCompose(
                            _ ->
                                hot.execute(
                                    "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('later', 'USD', 1)",
                                    Tuple.tuple()))
                        .thenCompose(
                            _ ->
                                statements.execute(
                                    "SELECT count(*) - (SELECT n FROM seen) FROM spendwatch.accounts",
                                    Tuple.tuple()))))
            .iterator()
            .next()
            .getLong(0);
    assertThat(before).isZero();
    assertThat(text(hot, "SELECT user_id FROM spendwatch.accounts WHERE user_id = 'later'"))
        .isEqualTo("later");
  }

  /** From 4 partitions to 6, some users move to a partition with a lower number. */
  @Test
  void whatIsOfAFormerHomeComesBeforeWhatIsOfOneInstantWithIt(TestBed bed) {
    Database hot = open(bed, "postgres", "");
    long atMs = Instant.parse("2024-07-12T10:00:00Z").toEpochMilli();
    var _ =
        join(
            hot.execute(
                "SELECT spendwatch.ensure_partitions('{2024-07-12T00:00Z}')", Tuple.tuple()));
    var _ =
        join(
            hot.execute(
                """
                INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency, exposure_minor,
                                                     verdict, kafka_partition, kafka_offset, ingested_at)
                SELECT 'moved', '2024-07-12T10:00Z', id, 'PURCHASE', 1, 'USD', 1, 'NO_ACCOUNT', partition, at, ingested::timestamptz
                  FROM (VALUES ('a', 3, 900, '2024-07-12T10:00:01Z'), ('c', 1, 7, '2024-07-12T10:00:09Z'),
                               ('b', 3, 901, '2024-07-12T10:00:01Z'), ('d', 1, 8, '2024-07-12T10:00:09Z'))
                       AS row (id, partition, at, ingested)
                """,
                Tuple.tuple()));
    PgHistory history = new PgHistory(hot, new UnreadableRows());
    assertThat(join(history.transactionIds(List.of(new InstantQuery("moved", atMs)))))
        .containsExactly(List.of("a", "b", "c", "d"));
    assertThat(
            join(history.users(List.of(new UserQuery("moved", Long.MIN_VALUE))))
                .get("moved")
                .entries())
        .extracting(Entry::transactionId)
        .containsExactly("a", "b", "c", "d");
  }

  @Test
  void aTransactionIsRolledBackWhenItsWorkFails(TestBed bed) {
    Database hot = open(bed, "postgres", "postgres.pool-size = 1");
    assertThatThrownBy(
            () ->
                join(
                    hot.transaction(
                        statements ->
                            put(statements, "failed")
                                .thenCompose(
                                    _ ->
                                        CompletableFuture.failedFuture(
                                            new IllegalStateException("no"))))))
        .hasRootCauseMessage("no");
    assertThatThrownBy(
            () ->
                join(
                    hot.transaction(
                        _ -> {
                          throw new IllegalStateException("thrown");
                        })))
        .hasRootCauseMessage("thrown");
    assertThatThrownBy(
            () ->
                join(
                    hot.transaction(
                        statements ->
                            put(statements, "swallowed")
                                .thenCompose(_ -> statements.execute("SELECT 1/0", Tuple.tuple()))
                                .exceptionally(_ -> null))))
        .hasMessageContaining("22012");
    var _ = join(hot.transaction(statements -> put(statements, "kept")));
    assertThat(
            text(
                hot,
                "SELECT string_agg(user_id, ',') FROM spendwatch.accounts WHERE username = 'of a transaction'"))
        .isEqualTo("kept");
  }

  private static CompletionStage<RowSet<Row>> put(Statements statements, String userId) {
    return statements.execute(
        "INSERT INTO spendwatch.accounts (user_id, username, currency, balance_minor) VALUES ($1, 'of a transaction', 'USD', 1)",
        Tuple.of(userId));
  }

  private Database open(TestBed bed, String section, String settings) {
    Config config =
        ConfigFactory.parseString(
                "spendwatch { node-id = n, postgres.uri = \"%s\"\n%s }"
                    .formatted(bed.pgUri(), settings))
            .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
            .withFallback(ConfigFactory.defaultReferenceUnresolved())
            .resolve();
    Database database =
        Database.open(
            switch (section) {
              case "postgres" -> StreamsConfig.from(config).postgres();
              case "postgres-writes" -> StreamsConfig.from(config).writes();
              default -> Configuration.analytics(config);
            });
    opened.add(database);
    return database;
  }

  private static String text(Database database, String sql) {
    return join(database.execute(sql, Tuple.tuple())).iterator().next().getString(0);
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
