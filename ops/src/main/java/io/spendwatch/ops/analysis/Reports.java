package io.spendwatch.ops.analysis;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.analysis.answer.Cells;
import io.spendwatch.ops.analysis.reading.BoundedReads;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Answers reports from roll-ups. Each is read in one transaction that sees one moment, and says
 * which. For any thread; blocks nobody. Fails with what PostgreSQL says, and with {@link
 * OperatorException} while a roll-up that the report reads is being built.
 */
public final class Reports {
  private static final String FRESHNESS = SqlText.load(Reports.class, "freshness");
  private static final String ROWS_READ = SqlText.load(Reports.class, "rows_read");
  private static final Map<Report, String> STATEMENTS = statements();

  private final Database database;
  private final Duration timeout;

  /**
   * A moment that is read, and what is known of it.
   *
   * @param lookedAt when that was looked up, by the server's clock
   * @param askedNanos not after that, by {@link System#nanoTime()}
   */
  record Moment(
      Instant asOf,
      Instant readAt,
      Instant lookedAt,
      long askedNanos,
      Set<String> tables,
      List<String> beingBuilt,
      Instant newest) {
    static Moment of(Row row, long askedNanos) {
      return new Moment(
          row.getOffsetDateTime("as_of").toInstant(),
          row.getOffsetDateTime("read_at").toInstant(),
          row.getOffsetDateTime("looked_at").toInstant(),
          askedNanos,
          Set.of(row.getArrayOfStrings("tables")),
          List.of(row.getArrayOfStrings("being_built")),
          row.getOffsetDateTime("ends").toInstant());
    }

    long ageMs() {
      return Math.max(0, Duration.between(asOf, readAt).toMillis());
    }

    /** How old it is by now: the clocks of server and node are not compared. */
    long ageMsNow() {
      Duration since = Duration.ofNanos(System.nanoTime() - askedNanos);
      return Math.max(0, Duration.between(asOf, lookedAt).plus(since).toMillis());
    }
  }

  /** The moment that a transaction sees. */
  static CompletionStage<Moment> moment(Statements transaction) {
    long askedNanos = System.nanoTime();
    return transaction
        .execute(FRESHNESS, Tuple.tuple())
        .thenApply(rows -> Moment.of(rows.iterator().next(), askedNanos));
  }

  /** How many rows a transaction has read so far. */
  static CompletionStage<Long> rowsRead(Statements transaction) {
    return transaction
        .execute(ROWS_READ, Tuple.tuple())
        .thenApply(rows -> rows.iterator().next().getLong(0));
  }

  /**
   * @param database the analytical pool
   * @param timeout after which the server cancels one: for so long it may hold a snapshot
   */
  public Reports(Database database, Duration timeout) {
    this.database = database;
    this.timeout = timeout;
  }

  /**
   * Answers a report.
   *
   * @param unwanted completes when nobody wants the answer any more: the server ends it then
   */
  public CompletionStage<AnalysisAnswer> answer(
      ReportQuestion question, CompletionStage<?> unwanted) {
    long startedNanos = System.nanoTime();
    return database.transaction(
        transaction ->
            transaction
                .execute("SET LOCAL statement_timeout = " + timeout.toMillis(), Tuple.tuple())
                .thenCompose(
                    _ -> transaction.execute(BoundedReads.NOTICE_WHO_IS_GONE, Tuple.tuple()))
                .thenCompose(_ -> moment(transaction))
                .thenCompose(moment -> read(transaction, question, moment, startedNanos)),
        unwanted);
  }

  private static CompletionStage<AnalysisAnswer> read(
      Statements transaction, ReportQuestion question, Moment moment, long startedNanos) {
    Report report = question.report();
    report.rollups().stream()
        .filter(moment.beingBuilt()::contains)
        .findFirst()
        .ifPresent(
            rollup -> {
              throw new OperatorException(
                  "roll-up "
                      + rollup
                      + " is being built from all rows: ask again when a node has done it");
            });
    return transaction
        .execute(STATEMENTS.get(report), Tuple.from(question.values(moment.newest())))
        .thenCompose(
            rows ->
                rowsRead(transaction)
                    .thenApply(read -> answer(question, moment, rows, read, startedNanos)));
  }

  private static AnalysisAnswer answer(
      ReportQuestion question, Moment moment, RowSet<Row> rows, long rowsRead, long startedNanos) {
    boolean hasTime = question.report().range().isPresent();
    return new AnalysisAnswer(
        question.report().word(),
        hasTime ? question.begin(moment.newest()) : null,
        hasTime ? question.end(moment.newest()) : null,
        rows.columnsNames(),
        Cells.of(rows),
        false,
        "rollup",
        null,
        moment.asOf(),
        moment.ageMsNow(),
        Duration.ofNanos(System.nanoTime() - startedNanos).toMillis(),
        rowsRead);
  }

  private static Map<Report, String> statements() {
    Map<Report, String> statements = new EnumMap<>(Report.class);
    for (Report report : Report.values()) {
      statements.put(report, SqlText.load(Reports.class, report.file()));
    }
    return statements;
  }
}
