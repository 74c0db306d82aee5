package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.storage.rollups.Rollups;
import io.spendwatch.ops.storage.rollups.WrittenRows;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** What analysis is asked over: rows of some months, in roll-ups that are built. For one thread. */
final class AnalysisBed implements AutoCloseable {
  static final ArchiveAccess NO_ARCHIVE = new ArchiveAccess.Absent("there is none");

  /**
   * Of the months before, at their ends too. They are in no note: all roll-ups are built of them.
   */
  private static final String OLDER_ROWS =
      """
      SELECT spendwatch.ensure_partitions('{2026-01-01Z,2026-01-15Z,2026-01-31Z,2026-02-01Z,2026-02-28Z,2026-03-01Z,2026-03-02Z}');
      INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, exposure_minor,
             balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at)
      SELECT 'u0' || n % 7, day + at, 'older-' || day::date || '-' || n, CASE n % 4 WHEN 0 THEN 'REFUND' ELSE 'PURCHASE' END, 100 + n * n % 37,
             CASE n % 5 WHEN 0 THEN 'JPY' ELSE 'USD' END, CASE n % 3 WHEN 0 THEN NULL ELSE 'm' || n % 3 END, n * 13 % 90, 50, 1,
             CASE n % 6 WHEN 0 THEN 'BREACH' ELSE 'CLEAR' END, 0, 1000000 + row_number() OVER (), now()
        FROM unnest('{2026-01-01Z,2026-01-15Z,2026-01-31Z,2026-02-01Z,2026-02-28Z,2026-03-01Z,2026-03-02Z}'::timestamptz[]) AS day
       CROSS JOIN unnest('{00:00,00:59:59.999999,12:30,23:00,23:59:59.999999}'::interval[]) WITH ORDINALITY AS each (at, n_at)
       CROSS JOIN LATERAL (SELECT n_at * 31 + extract(doy FROM day)::integer AS n) AS numbered;
      UPDATE spendwatch.rollups SET built = false;
      """;

  private final NodeSettings settings;
  private final Configuration configuration;
  private final Database writer;
  private final Database database;
  private final Connection connection;
  private final Rollups rollups;
  private final WrittenRows rows;

  /** Writes them. */
  AnalysisBed(TestBed bed) throws SQLException {
    settings = NodeSettings.of(bed);
    configuration = Configuration.load();
    writer = Database.open(configuration.rollups().postgres());
    database = Database.open(configuration.analytics());
    connection = bed.database().connect("test");
    execute(
        """
        INSERT INTO spendwatch.claims (kafka_partition, epoch, owner, claimed_at) SELECT p, 1, 'test', now() FROM generate_series(0, 2) AS p;
        SELECT spendwatch.ensure_partitions(array_agg(d)) FROM generate_series('2026-03-25Z'::timestamptz, '2026-04-12Z', '1 day') AS d;
        """);
    rollups = new Rollups(writer, 500);
    rows = new WrittenRows(new Random(5), writer);
    for (int i = 0; i < 60; i++) {
      int _ = rows.write();
    }
    execute(OLDER_ROWS);
    keepRollups();
  }

  @Override
  public void close() throws SQLException {
    connection.close();
    var _ = database.close().toCompletableFuture().join();
    var _ = writer.close().toCompletableFuture().join();
    settings.close();
  }

  Configuration configuration() {
    return configuration;
  }

  /** What is asked by. */
  Database database() {
    return database;
  }

  /** Writes some more, which no roll-up has yet. */
  void writeMore() {
    int written = 0;
    while (written == 0) {
      written = rows.write();
    }
  }

  /** Has roll-ups take all that is written. */
  void keepRollups() {
    assertThat(rollups.keep(() -> true).isAll()).isTrue();
  }

  AnalysisAnswer answer(ReportQuestion question) {
    return joined(
        new Reports(database, configuration.analysis().timeout()).answer(question, wanted()));
  }

  /** By somebody who waits for the answer. */
  static CompletionStage<?> wanted() {
    return new CompletableFuture<Void>();
  }

  static AnalysisAnswer joined(CompletionStage<AnalysisAnswer> answer) {
    try {
      return answer.toCompletableFuture().join();
    } catch (CompletionException e) {
      if (Retry.cause(e) instanceof OperatorException said) {
        throw said;
      }
      throw e;
    }
  }

  void execute(String statement) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      boolean _ = sql.execute(statement);
    }
  }

  /** The first column of the only row. */
  String text(String query) throws SQLException {
    try (Statement sql = connection.createStatement();
        ResultSet found = sql.executeQuery(query)) {
      assertThat(found.next()).isTrue();
      return found.getString(1);
    }
  }
}
