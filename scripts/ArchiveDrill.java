import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.Schema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What it costs to archive a day; {@code scripts/archive-drill} starts it, and says how.
 *
 * <pre>java -cp … ArchiveDrill.java HOME ROWS feed|random SEED</pre>
 */
final class ArchiveDrill {
  private static final String DAY = "2026-03-10";

  /** Past the day's end by more than it has to be. */
  private static final String STREAM_TIME = "2026-03-14T12:00:00Z";

  /** Of {@code /proc}; the same on all machines that are in use. */
  private static final double TICKS_PER_SECOND = 100;

  private static final int LOOK_MS = 100;

  private static final String EMPTY =
      """
      INSERT INTO spendwatch.claims (kafka_partition, epoch, owner, claimed_at)
        SELECT p, 1, 'drill', now() FROM generate_series(0, 7) AS p;
      INSERT INTO spendwatch.progress (kafka_partition, epoch, write_no, stream_time, alert_seq, published_alert_seq)
        SELECT p, 1, 1, '%s', 0, 0 FROM generate_series(0, 7) AS p;
      SELECT spendwatch.ensure_partitions('{%sZ}');
      SELECT setseed(%s)
      """;

  /** Who buys, and when, in the order of time; ids and offsets go up with it. A balance each. */
  private static final String FEED =
      """
      INSERT INTO spendwatch.accounts (user_id, username, currency, balance_minor, as_of)
        SELECT 'C' || lpad((1000003::bigint * k %% 99999999977)::text, 11, '0'), 'user ' || k,
               CASE WHEN k %% 10 < 9 THEN 'USD' ELSE 'EUR' END, 50000 + (k * 7919::bigint %% 950000), '%1$s'
          FROM generate_series(0, %3$d - 1) AS k;
      CREATE UNLOGGED TABLE public.spent AS
        SELECT k, event_time, (k * 2654435761 %% 8)::integer AS partition, row_number() OVER (ORDER BY event_time) AS n,
               CASE WHEN random() < 0.03 THEN 'REFUND' ELSE 'PURCHASE' END AS kind,
               greatest(1, round(100 * exp(3.2 + 1.1 * random_normal())))::bigint AS amount_minor,
               CASE WHEN random() < 0.95 THEN 'm-' || substr(md5(floor(3000 * random() ^ 3)::text), 1, 8) END AS merchant,
               event_time + (40000 - 60000 * ln(1 - random())) * interval '1 microsecond' AS ingested_at
          FROM (SELECT floor(%3$d * random())::bigint AS k,
                       '%1$s'::timestamptz + floor(86400000 * random()) * interval '1 millisecond' AS event_time
                  FROM generate_series(1, %2$d)) AS made;
      INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency, merchant,
             original_transaction_id, exposure_minor, balance_minor, balance_version, verdict, kafka_partition, kafka_offset,
             ingested_at, known_version)
        SELECT account.user_id, s.event_time, 'T' || lpad((4800000000000 + 7 * n)::text, 13, '0'), s.kind, s.amount_minor,
               account.currency, s.merchant,
               CASE WHEN s.kind = 'REFUND' THEN 'T' || lpad((4800000000000 - 7 * n)::text, 13, '0') END,
               exposure_minor, account.balance_minor, account.balance_version,
               CASE WHEN exposure_minor > account.balance_minor THEN 'BREACH' ELSE 'CLEAR' END, s.partition,
               80000000 + row_number() OVER (PARTITION BY s.partition ORDER BY n), s.ingested_at, NULL
          FROM (SELECT *, sum(CASE kind WHEN 'PURCHASE' THEN amount_minor ELSE -amount_minor END)
                            OVER (PARTITION BY k ORDER BY event_time, n)::bigint AS exposure_minor
                  FROM public.spent) AS s
          JOIN spendwatch.accounts AS account
            ON account.user_id = 'C' || lpad((1000003::bigint * k %% 99999999977)::text, 11, '0')
         ORDER BY n;
      DROP TABLE public.spent
      """;

  private static final String RANDOM =
      """
      INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency, merchant,
             original_transaction_id, exposure_minor, balance_minor, balance_version, verdict, kafka_partition, kafka_offset,
             ingested_at, known_version)
        SELECT substr(md5(floor(%3$d * random())::text), 1, 12), event_time, substr(md5(n::text), 1, 16), 'PURCHASE',
               1 + floor(1e6 * random()), 'USD', substr(md5(floor(3000 * random())::text), 1, 8), NULL, floor(1e8 * random()),
               floor(1e8 * random()), 1, 'CLEAR', floor(8 * random()), n,
               event_time + random() * interval '1 minute', NULL
          FROM (SELECT n, '%1$s'::timestamptz + floor(86400e6 * random()) * interval '1 microsecond' AS event_time
                  FROM generate_series(1, %2$d) AS n) AS made
      """;

  private final Path home;
  private final Path work;
  private final PostgresServer server;
  private final long rows;

  private ArchiveDrill(Path home, Path work, PostgresServer server, long rows) {
    this.home = home;
    this.work = work;
    this.server = server;
    this.rows = rows;
  }

  public static void main(String[] args) throws Exception {
    Path home = Path.of(args[0]);
    Path work = home.resolve("target/archive-drill");
    if (Files.exists(work)) {
      DataDirectory.deleteTree(work);
    }
    Files.createDirectories(work);
    boolean isWell;
    try (PostgresServer server = PostgresServer.start(work.resolve("postgres"), 0)) {
      var drill = new ArchiveDrill(home, work, server, Long.parseLong(args[1]));
      drill.makeDay(args[2].equals("random") ? RANDOM : FEED, args[3]);
      isWell =
          drill.measure("run", "--unaudited", "--without-dead-letters")
              & drill.measure("verify", DAY);
      drill.tellBytes();
    }
    DataDirectory.deleteTree(work);
    System.exit(isWell ? 0 : 1);
  }

  private void makeDay(String transactions, String seed) throws SQLException {
    int _ = new Schema(PostgresAddress.parse(server.uri(), "", "")).migrate(Instant.now());
    long users = Math.clamp(rows / 100, 1, 100_000);
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      statement.execute(text(EMPTY, STREAM_TIME, DAY, seed));
      statement.execute(text(transactions, DAY + "T00:00:00Z", rows, users));
      statement.execute("VACUUM ANALYZE spendwatch.transactions");
      statement.execute("CHECKPOINT");
      long table =
          number(
              statement,
              "SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree('spendwatch.transactions')");
      tell(
          "%,d transactions of %,d users; %.0f bytes a row in the table",
          rows, users, table / (double) rows);
    }
  }

  private Connection connection() throws SQLException {
    return PostgresAddress.parse(server.uri(), "", "").connect("archive-drill");
  }

  private static long number(Statement statement, String sql) throws SQLException {
    try (ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Runs {@code spendwatch archive …}; whether it ended well. */
  private boolean measure(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(home.resolve("spendwatch").toString(), "archive"));
    command.addAll(Arrays.asList(arguments));
    var builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put("SPENDWATCH_PG_URI", server.uri());
    builder.environment().put("SPENDWATCH_ARCHIVE_URI", work.resolve("archive").toUri().toString());
    builder.environment().put("SPENDWATCH_ARCHIVE_DIRECTORY", work.resolve("files").toString());
    double ofCommands = endedChildrenSeconds(ProcessHandle.current());
    double ofServer = serverSeconds();
    long begin = System.nanoTime();
    Process process = builder.start();
    long peakKilobytes = 0;
    while (!process.waitFor(LOOK_MS, TimeUnit.MILLISECONDS)) {
      peakKilobytes = Math.max(peakKilobytes, peakKilobytes(process.pid()));
    }
    tell(
        "archive %s: exit status %d, %.1f s; %.1f s of processor time of the command, %.1f s of"
            + " PostgreSQL; at most %,d MB",
        arguments[0],
        process.exitValue(),
        (System.nanoTime() - begin) / 1e9,
        endedChildrenSeconds(ProcessHandle.current()) - ofCommands,
        serverSeconds() - ofServer,
        peakKilobytes / 1024);
    return process.exitValue() == 0;
  }

  /** The columns of what is there of transactions, the largest first. */
  private void tellBytes() throws IOException, SQLException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(work.resolve("archive/transactions"))) {
      files = all.filter(file -> file.toString().endsWith(".parquet")).toList();
    }
    for (Path file : files) {
      tell("%.2f bytes a row in %s", Files.size(file) / (double) rows, file.getFileName());
      try (Connection engine = DriverManager.getConnection("jdbc:duckdb:");
          Statement statement = engine.createStatement();
          ResultSet columns =
              statement.executeQuery(
                  "SELECT path_in_schema, sum(total_compressed_size), string_agg(DISTINCT encodings, ' | ')"
                      + " FROM parquet_metadata('"
                      + file
                      + "') GROUP BY 1 ORDER BY 2 DESC")) {
        while (columns.next()) {
          tell(
              "  %-24s %6.2f  %s",
              columns.getString(1), columns.getLong(2) / (double) rows, columns.getString(3));
        }
      }
    }
  }

  /** Of all processes of the server, and of those of them that have ended. */
  private double serverSeconds() {
    return server
        .processes()
        .mapToDouble(process -> ticks(process, 13, 14) + endedChildrenSeconds(process))
        .sum();
  }

  private static double endedChildrenSeconds(ProcessHandle process) {
    return ticks(process, 15, 16);
  }

  /** Fields of {@code /proc/PID/stat}, counted from 0; nothing of a process that has just ended. */
  private static double ticks(ProcessHandle process, int... fields) {
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      // The second one is the name, in brackets, with whatever is in it.
      String[] after = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return Arrays.stream(fields).mapToLong(field -> Long.parseLong(after[field - 2])).sum()
          / TICKS_PER_SECOND;
    } catch (IOException | UncheckedIOException e) {
      return 0;
    }
  }

  private static long peakKilobytes(long pid) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(0);
    } catch (IOException | UncheckedIOException e) {
      return 0;
    }
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static void tell(String format, Object... values) {
    System.out.println(text(format, values));
  }
}
