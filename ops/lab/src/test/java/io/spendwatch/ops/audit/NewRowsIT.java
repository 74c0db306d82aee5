package io.spendwatch.ops.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a run looks for by offsets is read, and next to nothing else, whatever else there is. */
@ExtendWith(Servers.class)
class NewRowsIT {
  private static final int PARTITIONS = 40;
  private static final int ROWS = 200_000;
  private static final int USERS = 1000;
  private static final int NEW_OF_EACH = 50;

  /** By so many offsets each partition is ahead of the one before it. */
  private static final int AHEAD = 1000;

  private static final Pattern IN_VAIN = Pattern.compile("Rows Removed by [A-Za-z ]+: (\\d+)");

  @Test
  void aStretchOfOffsetsIsFoundWithoutThoseOfOtherPartitions(TestBed bed) {
    var tables = new TestDatabase(bed.database());
    insert(
        tables,
        ROWS,
        "1",
        String.format("n %% %1$d", PARTITIONS),
        String.format("n %% %1$d * %2$d + n / %1$d", PARTITIONS, AHEAD));
    int ofEach = ROWS / PARTITIONS;
    List<Span> spans =
        IntStream.range(0, PARTITIONS)
            .mapToObj(partition -> span(partition, partition * AHEAD + ofEach))
            .toList();
    assertThat(found(tables, Span.condition(spans)))
        .isEqualTo(
            IntStream.range(0, PARTITIONS)
                .mapToObj(
                    partition -> partition + ":" + NEW_OF_EACH + " to " + spans.get(partition).to())
                .toList());
    assertThat(readInVain(tables, Span.condition(spans))).isBetween(1L, ROWS / 8L);

    Map<Integer, Long> ends =
        spans.stream().collect(Collectors.toMap(Span::partition, span -> span.to() - 1));
    assertThat(found(tables, Span.beyond(ends)))
        .hasSize(PARTITIONS)
        .allMatch(partition -> partition.contains(":1 to"));
    assertThat(readInVain(tables, Span.beyond(ends))).isBetween(1L, ROWS / 8L);
  }

  /** Of each user one row is new, and a hundred of the same day are not. */
  @Test
  void whatIsNewIsAssessedWithoutTheRestOfTheDay(TestBed bed) throws SQLException {
    var tables = new TestDatabase(bed.database());
    int rows = USERS * 100;
    insert(tables, rows, "n / " + USERS + " + 1", "0", "n");
    try (Connection connection = tables.connect()) {
      var scripts = new AuditScripts(connection, Duration.ofSeconds(10));
      assertThat(scripts.run(rows - USERS, false, "infinity")).isEmpty();
      long before = rowsRead(connection, tables);
      assertThat(scripts.run(rows, false, "infinity")).isEmpty();
      assertThat(rowsRead(connection, tables) - before).isBetween((long) USERS, rows / 2L);
    }
  }

  /** All of one day and of {@link #USERS} users, in turns. */
  private static void insert(
      TestDatabase tables, int rows, String exposure, String partition, String offset) {
    tables.execute(
        "TRUNCATE spendwatch.transactions",
        String.format(
            "INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency,"
                + " exposure_minor, verdict, kafka_partition, kafka_offset, ingested_at)"
                + " SELECT 'u' || n %% %d, date_trunc('day', now(), 'UTC') + n * interval '100 ms', 't' || n, 'PURCHASE',"
                + " 1, 'USD', %s, 'NO_ACCOUNT', %s, %s, now()"
                + " FROM generate_series(0, %d - 1) AS n",
            USERS, exposure, partition, offset, rows),
        "SELECT brin_summarize_new_values(inhrelid) FROM pg_inherits"
            + " WHERE inhparent = 'spendwatch.transactions_brin'::regclass",
        "ANALYZE spendwatch.transactions");
  }

  /** How many rows of transactions were read since they are there, those of this session too. */
  private static long rowsRead(Connection connection, TestDatabase tables) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean _ = statement.execute("SELECT pg_stat_force_next_flush()");
      connection.commit();
    }
    return tables.number(
        "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables"
            + " WHERE relid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'spendwatch.transactions'::regclass)");
  }

  private static Span span(int partition, long to) {
    return new Span(partition, to - NEW_OF_EACH, to, 0, null);
  }

  private static List<String> found(TestDatabase tables, String condition) {
    return tables.column(
        "SELECT kafka_partition || ':' || count(*) || ' to ' || max(kafka_offset) + 1 FROM spendwatch.transactions AS t WHERE "
            + condition
            + " GROUP BY kafka_partition ORDER BY kafka_partition");
  }

  /** How many rows are read that the condition does not hold for. */
  private static long readInVain(TestDatabase tables, String condition) {
    try (Connection connection = tables.connect();
        Statement statement = connection.createStatement()) {
      // As the scripts do, and by one process, whose rows are not an average.
      statement.execute("SET enable_seqscan = off");
      statement.execute("SET max_parallel_workers_per_gather = 0");
      long rows = 0;
      try (ResultSet plan =
          statement.executeQuery(
              "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) SELECT 1 FROM spendwatch.transactions AS t WHERE "
                  + condition)) {
        while (plan.next()) {
          Matcher removed = IN_VAIN.matcher(plan.getString(1));
          rows += removed.find() ? Long.parseLong(removed.group(1)) : 0;
        }
      }
      return rows;
    } catch (SQLException e) {
      throw new AssertionError(condition, e);
    }
  }
}
