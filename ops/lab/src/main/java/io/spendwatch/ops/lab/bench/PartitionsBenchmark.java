package io.spendwatch.ops.lab.bench;

import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.UserQuery;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.bench.site.Installation;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.ledger.LedgerBatch;
import io.spendwatch.streams.ledger.PgHistory;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Two tables with the same rows each day, one of a month and one of years, in turns: what the
 * production statements cost on their newest day. Medians over the rounds.
 */
final class PartitionsBenchmark {
  private static final String NAME = Benchmark.PARTITIONS.label();
  private static final int MONTH_DAYS = 31;
  private static final int USERS = 500;
  private static final String CHECK =
      "each batch written whole, each window found; held against a month";

  /** One turn is over soon: so many are one round of other benchmarks. */
  private static final int ROUNDS_AT_ONCE = 3;

  private static final int BATCHES = 60;
  private static final int BATCH_ROWS = 500;
  private static final int READS = 60;
  private static final int READS_MIDST = 2;
  private static final int READ_USERS = 100;
  private static final int PARTITIONS_AT_A_TIME = 100;
  private static final Duration ANSWER = Duration.ofMinutes(1);

  private final Bench bench;
  private final int days;
  private final int rowsPerDay;
  private final int rounds;

  PartitionsBenchmark(Bench bench, int days, int rowsPerDay, int rounds) {
    this.bench = bench;
    this.days = days;
    this.rowsPerDay = rowsPerDay;
    this.rounds = ROUNDS_AT_ONCE * rounds;
  }

  List<Figure> run() {
    try (Site site = bench.site();
        Table month = new Table(site, "month", MONTH_DAYS);
        Table years = new Table(site, "years", days)) {
      return run(month, years);
    }
  }

  private List<Figure> run(Table month, Table years) {
    // The first round warms up both.
    for (int round = 0; round <= rounds; round++) {
      for (Table table : round % 2 == 0 ? List.of(month, years) : List.of(years, month)) {
        table.measure(round > 0);
      }
    }
    return List.of(
        figure("insert, %d days", years, month, Table::insertMicrosPerRow, "µs/row"),
        figure("window of 48 h read, %d days", years, month, Table::readMicrosPerUser, "µs/user"),
        figure(
            "the same from their midst on, %d days",
            years, month, Table::readMidstMicrosPerUser, "µs/user"),
        figure("one more partition, %d days", years, month, table -> table.makeMillis, "ms"));
  }

  private static Figure figure(
      String name, Table years, Table month, ToDoubleFunction<Table> value, String unit) {
    return new Figure(
        NAME,
        String.format(Locale.ROOT, name, years.tableDays),
        value.applyAsDouble(years),
        unit,
        value.applyAsDouble(month),
        CHECK);
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(ANSWER.toSeconds(), TimeUnit.SECONDS).join();
  }

  private static double micros(long sinceNanos) {
    return (System.nanoTime() - sinceNanos) / 1e3;
  }

  private final class Table implements AutoCloseable {
    private final Installation on;
    private final int tableDays;
    private final Ledger ledger;
    private final PgHistory history;
    private final long epoch;
    private long writes;
    private final long nowMs;
    private final double makeMillis;
    private final List<Double> insertMicros = new ArrayList<>();
    private final List<Double> readMicros = new ArrayList<>();
    private final List<Double> readMidstMicros = new ArrayList<>();
    private long offset;

    Table(Site site, String name, int tableDays) {
      this.tableDays = tableDays;
      this.on = bench.installation(site, name);
      this.nowMs = on.now().toEpochMilli();
      this.ledger = on.ledger();
      this.history = new PgHistory(on.database(), new UnreadableRows());
      bench.say(String.format(Locale.ROOT, "%s: %d days of %,d rows", name, tableDays, rowsPerDay));
      makeDays();
      fill();
      this.makeMillis = makeMore();
      this.epoch = await(ledger.claim(0, "bench", nowMs)).orElseThrow().epoch();
    }

    private void makeDays() {
      on.execute("UPDATE spendwatch.settings SET partitions_per_minute = 1000000");
      for (int from = 1; from < tableDays; from += PARTITIONS_AT_A_TIME) {
        on.execute(
            String.format(
                    Locale.ROOT,
                    "SELECT spendwatch.ensure_partitions(array_agg(%s - day * interval '1 day'))",
                    now())
                + String.format(
                    Locale.ROOT,
                    " FROM generate_series(%d, %d) AS day",
                    from,
                    Math.min(from + PARTITIONS_AT_A_TIME, tableDays) - 1));
      }
    }

    private void fill() {
      on.execute(
          String.format(
              Locale.ROOT,
              """
          INSERT INTO spendwatch.transactions
                 (user_id, event_time, transaction_id, kind, amount_minor, currency, exposure_minor,
                  balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at)
          SELECT 'user-' || k %% %d, at, 'tx-' || day || '-' || k, 'PURCHASE', 100, 'USD', 100, 1000000, 1, 'CLEAR', 0, k, at
            FROM generate_series(0, %d - 1) AS day,
                 generate_series(0, %d - 1) AS k,
                 LATERAL (SELECT %s - (day + k / %d.0) * interval '1 day' AS at) AS moment
          """,
              USERS,
              tableDays - 1,
              rowsPerDay,
              now(),
              rowsPerDay),
          "ANALYZE spendwatch.transactions");
      on.writeDown();
    }

    /** Milliseconds of one more partition, by a session that has made some. */
    private double makeMore() {
      List<Double> millis = new ArrayList<>();
      for (int more = 0; more <= rounds; more++) {
        // Far from all others, and empty.
        OffsetDateTime day = on.now().atOffset(ZoneOffset.UTC).plusDays(30 + more);
        long startNanos = System.nanoTime();
        await(
            on.database()
                .execute(
                    "SELECT spendwatch.ensure_partitions($1)",
                    Tuple.of((Object) new OffsetDateTime[] {day})));
        if (more > 0) {
          millis.add(micros(startNanos) / 1e3);
        }
      }
      return Figure.median(millis);
    }

    private String now() {
      return "timestamptz '" + on.now() + "'";
    }

    double insertMicrosPerRow() {
      return Figure.median(insertMicros) / BATCH_ROWS;
    }

    double readMicrosPerUser() {
      return Figure.median(readMicros) / READ_USERS;
    }

    double readMidstMicrosPerUser() {
      return Figure.median(readMidstMicros) / READ_USERS;
    }

    void measure(boolean counts) {
      double insert = insert();
      double read = read(nowMs, READS);
      double readMidst = read(nowMs - Duration.ofDays(tableDays / 2).toMillis(), READS_MIDST);
      if (counts) {
        insertMicros.add(insert);
        readMicros.add(read);
        readMidstMicros.add(readMidst);
      }
    }

    /** Microseconds of a batch. */
    private double insert() {
      long startNanos = System.nanoTime();
      for (int batch = 0; batch < BATCHES; batch++) {
        if (!(await(ledger.write(batch())) instanceof Ledger.Written written)
            || written.transactions() != BATCH_ROWS) {
          throw new OperatorException("a batch was not written");
        }
      }
      double perBatch = micros(startNanos) / BATCHES;
      on.execute(
          String.format(
              Locale.ROOT,
              "DELETE FROM spendwatch.transactions WHERE event_time = %s AND transaction_id ^@ 'bench-'",
              now()),
          "VACUUM spendwatch.transactions_" + newestDay());
      return perBatch;
    }

    private String newestDay() {
      return on.now().toString().substring(0, 10).replace("-", "");
    }

    private LedgerBatch batch() {
      Received[] received = new Received[BATCH_ROWS];
      for (int i = 0; i < BATCH_ROWS; i++) {
        offset++;
        received[i] =
            new Received(
                new Transaction(
                    "bench-" + offset,
                    "user-" + offset % USERS,
                    100,
                    "USD",
                    nowMs,
                    TransactionKind.PURCHASE,
                    "m-1",
                    null),
                offset);
      }
      Assessment assessed =
          new Assessment.Stored(
              Verdict.CLEAR, 100, new AccountBalance(1_000_000, "USD", 1, nowMs), 1);
      Assessment[] assessments = new Assessment[BATCH_ROWS];
      Arrays.fill(assessments, assessed);
      return new LedgerBatch(
          0,
          epoch,
          ++writes,
          nowMs,
          Long.MIN_VALUE,
          nowMs,
          Long.MIN_VALUE,
          List.of(received),
          List.of(assessments),
          List.of(),
          0,
          0,
          0,
          0);
    }

    /** Microseconds of a question about so many users and what is later than 48 h before this. */
    private double read(long latestMs, int reads) {
      List<UserQuery> queries = new ArrayList<>(READ_USERS);
      for (int user = 0; user < READ_USERS; user++) {
        queries.add(new UserQuery("user-" + user, latestMs - Duration.ofDays(2).toMillis()));
      }
      long startNanos = System.nanoTime();
      for (int read = 0; read < reads; read++) {
        if (await(history.users(queries)).values().stream()
            .anyMatch(found -> found.entries().isEmpty())) {
          throw new OperatorException("a window is empty");
        }
      }
      return micros(startNanos) / reads;
    }

    @Override
    public void close() {
      on.close();
    }
  }
}
