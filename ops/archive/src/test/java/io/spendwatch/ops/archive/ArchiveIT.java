package io.spendwatch.ops.archive;

import static io.spendwatch.ops.archive.ArchiveBed.DAY;
import static io.spendwatch.ops.archive.ArchiveBed.NEXT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.AnalysisAnswer;
import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.analysis.FreeQueries;
import io.spendwatch.ops.audit.explain.Explanation;
import io.spendwatch.ops.audit.explain.Explanations;
import io.spendwatch.ops.erasure.ErasableArchive.DayRows;
import io.spendwatch.ops.rounds.ArchiveWriter.Outcome;
import io.spendwatch.ops.rounds.ArchiveWriter.Result;
import io.spendwatch.streams.base.Retry;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Days leave, are compared, and come back as they were, whatever happens meanwhile. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ArchiveIT {
  private static final List<String> QUESTIONS =
      List.of(
          "SELECT count(*), sum(amount_minor), min(event_time), max(ingested_at) FROM spendwatch.transactions",
          "SELECT user_id, kind, count(*) FROM transactions WHERE event_time < '2026-03-11T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2",
          "SELECT date_trunc('hour', event_time) AS hour, count(*), sum(exposure_minor) FROM transactions"
              + " WHERE event_time >= '2026-03-10T20:00:00Z' AND event_time < '2026-03-11T04:00:00Z' GROUP BY 1 ORDER BY 1",
          "SELECT t.transaction_id, a.balance_minor, t.merchant, t.known_version IS NULL, t.event_time FROM transactions AS t"
              + " LEFT JOIN accounts AS a USING (user_id) ORDER BY 1",
          "WITH ranked AS (SELECT *, rank() OVER (PARTITION BY user_id ORDER BY event_time DESC, transaction_id) AS place"
              + " FROM transactions) SELECT user_id, transaction_id, amount_minor FROM ranked WHERE place = 1 ORDER BY user_id",
          "SELECT type, count(*) FROM alerts WHERE user_id IN (SELECT user_id FROM transactions) GROUP BY 1");

  private ArchiveBed bed;

  @TempDir private Path root;

  @BeforeAll
  void start() throws SQLException {
    bed = new ArchiveBed();
  }

  @AfterAll
  void stop() {
    bed.close();
  }

  @BeforeEach
  void empty() throws SQLException {
    bed.empty();
  }

  @Test
  void archivesClosedDaysAndBringsThemBackAsTheyWere() throws Exception {
    bed.write(DAY, 300);
    bed.write(NEXT, 50);
    bed.write(NEXT.plusDays(1), 10);
    List<String> before = bed.transactions(DAY);
    assertThat(run())
        .extracting(Outcome::day, Outcome::result, Outcome::transactions, Outcome::alerts)
        .containsExactly(
            tuple(DAY, Result.ARCHIVED, 300L, 20L), tuple(NEXT, Result.ARCHIVED, 50L, 20L));
    assertThat(run()).isEmpty();
    assertThat(findings()).isEmpty();
    assertThat(bed.drop(DAY)).isTrue();
    assertThat(bed.transactions(DAY)).isEmpty();
    assertThat(
            bed.column("SELECT dropped_at IS NOT NULL FROM spendwatch.archived_days ORDER BY day"))
        .containsExactly("t", "f");
    assertThat(run()).isEmpty();
    assertThat(findings()).isEmpty();

    try (Archive archive = bed.archive(root)) {
      assertThat(archive.restore(DAY).restored()).isEqualTo(300);
    }
    assertThat(
            bed.column(
                "SELECT origin || ', ' || action || ': ' || outcome FROM spendwatch.operator_actions ORDER BY action_id DESC LIMIT 1"))
        .singleElement()
        .asString()
        .startsWith(
            "command, archive restore "
                + DAY
                + ": 300 transactions are in the table, 300 of them restored; kept until ");
    assertThat(bed.transactions(DAY)).isEqualTo(before);
    assertThat(findings()).isEmpty();
    // Else retention would take it again within the hour.
    bed.sql("UPDATE spendwatch.archived_days SET kept_until = now() + interval '1 hour'");
    assertThat(bed.drop(DAY)).isFalse();
    bed.sql("UPDATE spendwatch.archived_days SET kept_until = now()");
    assertThat(bed.drop(DAY)).isTrue();
  }

  /** By a reader that shares nothing with the writer. */
  @Test
  void thatIsWhatAnotherReaderOfParquetFinds() throws Exception {
    bed.write(DAY, 200);
    bed.write(NEXT, 10);
    var _ = run();
    List<String> expected =
        bed.column(
            "SELECT concat_ws('|', user_id, extract(epoch FROM event_time)::text, transaction_id, amount_minor, merchant,"
                + " balance_minor, kafka_partition, kafka_offset) FROM spendwatch.transactions"
                + " WHERE event_time < '2026-03-11Z' ORDER BY user_id, event_time, transaction_id");
    List<String> found = new ArrayList<>();
    BigInteger sum = BigInteger.ZERO;
    Manifest.Table table = manifest(DAY).table(ArchiveTable.TRANSACTIONS);
    try (ParquetFileReader file =
            ParquetFileReader.open(InputFile.of(root.resolve(table.files().getFirst().name())));
        RowReader rows = file.rowReader()) {
      assertThat(file.getFileMetaData().keyValueMetadata()).containsEntry("spendwatch_schema", "1");
      while (rows.hasNext()) {
        rows.next();
        sum = sum.add(BigInteger.valueOf(rows.getLong("amount_minor")));
        found.add(
            String.join(
                "|",
                java.util.stream.Stream.of(
                        rows.getString("user_id"),
                        seconds(rows.getTimestamp("event_time")),
                        rows.getString("transaction_id"),
                        Long.toString(rows.getLong("amount_minor")),
                        rows.isNull("merchant") ? null : rows.getString("merchant"),
                        rows.isNull("balance_minor")
                            ? null
                            : Long.toString(rows.getLong("balance_minor")),
                        Integer.toString(rows.getInt("kafka_partition")),
                        Long.toString(rows.getLong("kafka_offset")))
                    .filter(java.util.Objects::nonNull)
                    .toList()));
      }
    }
    assertThat(found).isEqualTo(expected);
    assertThat(table.totals().sums()).containsEntry("amount_minor", sum.toString());
    assertThat(sum).isGreaterThan(BigInteger.valueOf(Long.MAX_VALUE));
  }

  private static String seconds(Instant at) {
    return new java.math.BigDecimal(at.getEpochSecond())
        .add(java.math.BigDecimal.valueOf(at.getNano() / 1000, 6))
        .setScale(6)
        .toString();
  }

  @Test
  void deadLettersGoWithTheDayByteForByte() throws Exception {
    bed.write(DAY, 2);
    bed.deadLetter(new byte[] {0, (byte) 0xff}, null);
    bed.deadLetter(null, new byte[0]);
    bed.deadLetter(new byte[0], "{\"amount\":".getBytes(UTF_8));
    var _ = run();
    Manifest.Table table = manifest(DAY).table(ArchiveTable.DEAD_LETTERS);
    assertThat(table.totals().rows()).isEqualTo(3);
    List<byte[]> found = new ArrayList<>();
    try (ParquetFileReader file =
            ParquetFileReader.open(InputFile.of(root.resolve(table.files().getFirst().name())));
        RowReader rows = file.rowReader()) {
      while (rows.hasNext()) {
        rows.next();
        found.add(rows.isNull("key") ? null : rows.getBinary("key"));
        found.add(rows.isNull("value") ? null : rows.getBinary("value"));
      }
    }
    assertThat(found)
        .containsExactly(
            new byte[] {0, (byte) 0xff},
            null,
            null,
            new byte[0],
            new byte[0],
            "{\"amount\":".getBytes(UTF_8));
    assertThat(findings()).isEmpty();
  }

  @Test
  void balancesAreThoseOfTheEndOfTheDay() throws Exception {
    bed.write(DAY, 3);
    bed.write(NEXT, 3);
    var _ = run();
    Manifest day = manifest(DAY);
    Manifest next = manifest(NEXT);
    assertThat(day.table(ArchiveTable.ACCOUNTS).totals().rows()).isEqualTo(2);
    assertThat(next.table(ArchiveTable.ACCOUNTS).totals().rows()).isEqualTo(3);
    assertThat(next.table(ArchiveTable.ACCOUNT_VERSIONS).totals().rows()).isEqualTo(2);
    assertThat(day.table(ArchiveTable.ACCOUNTS).totals().sums())
        .containsEntry("balance_minor", Long.toString(Long.MAX_VALUE - 5));
  }

  @Test
  void lateRowsOfAnArchivedDayAreAddedOnce() throws Exception {
    bed.write(DAY, 100);
    var _ = run();
    bed.insert(DAY + "T05:00:00Z", 7, null);
    bed.insert(DAY + "T06:00:00Z", 8, "late");
    assertThat(bed.drop(DAY)).as("it has rows that the archive lacks").isFalse();
    assertThat(run())
        .singleElement()
        .returns(Result.ADDED, Outcome::result)
        .returns(102L, Outcome::transactions)
        .returns(2L, Outcome::added);
    assertThat(run()).isEmpty();
    bed.alert(DAY + "T06:00:00Z");
    assertThat(run()).singleElement().returns(21L, Outcome::alerts).returns(1L, Outcome::added);
    List<String> before = bed.transactions(DAY);
    assertThat(bed.drop(DAY)).isTrue();

    // For a day that has left: its partition comes back with that row alone.
    bed.sql("SELECT spendwatch.ensure_partitions('{2026-03-10Z}')");
    bed.insert(DAY + "T07:00:00Z", 9, null);
    String last = bed.transactions(DAY).getFirst();
    assertThatThrownBy(this::restored).hasMessageContaining("archived first");
    assertThat(bed.transactions(DAY)).containsExactly(last);
    assertThat(run()).singleElement().returns(103L, Outcome::transactions);
    assertThat(bed.drop(DAY)).isTrue();
    assertThat(manifest(DAY).revision()).isEqualTo(3);
    assertThat(restored()).isEqualTo(103);
    assertThat(bed.transactions(DAY)).hasSize(103).containsAll(before).contains(last);
    assertThat(findings()).isEmpty();
  }

  private long restored() {
    try (Archive archive = bed.archive(root)) {
      return archive.restore(DAY).restored();
    }
  }

  /** Between the comparison and the drop: the partition is out of sight, and comes back. */
  @Test
  void aRowThatComesWhileItsPartitionLeavesIsNotDropped() throws Exception {
    bed.write(DAY, 20);
    var _ = run();
    bed.sql(
        "ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20260310 CONCURRENTLY",
        "INSERT INTO spendwatch.transactions_20260310 SELECT 'late', '2026-03-10T01:00:00Z', 't', kind, amount_minor, currency,"
            + " merchant, original_transaction_id, exposure_minor, balance_minor, balance_version, verdict, kafka_partition,"
            + " kafka_offset, ingested_at, known_version FROM spendwatch.transactions_20260310 LIMIT 1");
    assertThat(bed.column("SELECT spendwatch.drop_detached_partition('transactions_20260310')"))
        .containsExactly("f");
    assertThat(bed.transactions(DAY)).hasSize(21);
    assertThat(run()).singleElement().returns(21L, Outcome::transactions);
    assertThat(bed.drop(DAY)).isTrue();
  }

  @Test
  void aRowThatWasChangedIsNeitherArchivedNorDropped() throws Exception {
    bed.write(DAY, 20);
    var _ = run();
    bed.sql(
        "UPDATE spendwatch.transactions SET verdict = 'CLEAR' WHERE amount_minor = 9223372036854775807");
    assertThat(bed.drop(DAY)).isFalse();
    assertThat(findings())
        .singleElement()
        .returns(Archive.Finding.Kind.OTHER_ROWS, Archive.Finding::kind);
    bed.insert(DAY + "T05:00:00Z", 7, null);
    assertThatThrownBy(this::run).hasMessageContaining("are not what they were");
    assertThat(bed.drop(DAY)).isFalse();
  }

  @Test
  void aDayGoesToABucketAndComesBack() throws Exception {
    try (S3Server server = new S3Server(root.resolve("server"))) {
      bed.write(DAY, 100);
      List<String> before = bed.transactions(DAY);
      try (Archive archive = bed.archive(root, server.store("p"))) {
        ArchiveBed.run(archive, false, _ -> {});
        assertThat(bed.drop(DAY)).isTrue();
        assertThat(archive.restore(DAY).restored()).isEqualTo(100);
        archive.verify(Optional.empty(), (_, findings) -> assertThat(findings).isEmpty());
      }
      assertThat(bed.transactions(DAY)).isEqualTo(before);
      bed.insert(DAY + "T05:00:00Z", 7, null);
      server.stop();
      try (Archive archive = bed.archive(root, server.store("p"))) {
        assertThatThrownBy(() -> ArchiveBed.run(archive, false, _ -> {}))
            .isInstanceOf(OperatorException.class)
            .hasMessageContaining("the archive at s3://archive/p cannot give");
      }
    }
  }

  /** Whatever step it dies in, before or after it, the next run makes it whole. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRunThatDiesAnywhereLeavesNoDayHalfThere(boolean isDone) throws Exception {
    for (int call = 0; ; call++) {
      bed.empty();
      bed.write(DAY, 5);
      Path here = root.resolve("at-" + call + isDone);
      var broken = new BrokenStore(new FileStore(here), call, isDone);
      List<Outcome> done = new ArrayList<>();
      try (Archive archive = bed.archive(here, broken)) {
        ArchiveBed.run(archive, false, done::add);
        bed.insert(DAY + "T05:00:00Z", 7, null);
        ArchiveBed.run(archive, false, done::add);
      } catch (OperatorException e) {
        assertThat(e).hasMessageContaining("No space left");
      }
      if (!broken.hasFailed()) {
        assertThat(done).hasSize(2);
        assertThat(call).isGreaterThan(5);
        return;
      }
      int rows = bed.transactions(DAY).size();
      if (bed.column("SELECT day FROM spendwatch.archived_days").isEmpty()) {
        assertThat(bed.drop(DAY)).as("what is not noted").isFalse();
      }
      try (Archive archive = bed.archive(here)) {
        ArchiveBed.run(archive, false, _ -> {});
        assertThat(archive.show(DAY).table(ArchiveTable.TRANSACTIONS).totals().rows())
            .isEqualTo(rows);
        archive.verify(Optional.empty(), (_, findings) -> assertThat(findings).isEmpty());
      }
      assertThat(bed.drop(DAY)).isTrue();
    }
  }

  @Test
  void twoAtOnceDoNotMix() throws Exception {
    bed.write(DAY, 30);
    try (Archive one = bed.archive(root);
        Archive other = bed.archive(root)) {
      ArchiveBed.run(one, false, _ -> {});
      assertThatThrownBy(() -> ArchiveBed.run(other, false, _ -> {}))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("another process");
    }
    // Past the lock, as with a connection that was lost: who comes second sees it by the manifest.
    bed.insert(DAY + "T05:00:00Z", 7, null);
    var store = new FileStore(root);
    var between =
        new BrokenStore(store, Integer.MAX_VALUE, false) {
          private boolean isFirst = true;

          @Override
          public boolean putIf(String name, byte[] content, Optional<String> replaced) {
            if (isFirst) {
              isFirst = false;
              Content there = store.read(name).orElseThrow();
              byte[] others = Arrays.copyOf(there.bytes(), there.bytes().length + 1);
              others[others.length - 1] = '\n';
              assertThat(store.putIf(name, others, Optional.of(there.version()))).isTrue();
              assertThat(super.putIf(name, content, replaced)).isFalse();
              return false;
            }
            return super.putIf(name, content, replaced);
          }
        };
    try (Archive archive = bed.archive(root, between)) {
      ArchiveBed.run(archive, false, _ -> {});
    }
    assertThat(manifest(DAY).table(ArchiveTable.TRANSACTIONS).totals().rows()).isEqualTo(31);
    assertThat(findings()).isEmpty();
  }

  @Test
  void waitsForTheAuditAndForTheEndOfTheDay() throws Exception {
    bed.write(DAY, 5);
    List<Outcome> outcomes = new ArrayList<>();
    try (Archive archive = bed.archive(root)) {
      ArchiveBed.run(archive, true, outcomes::add);
    }
    assertThat(outcomes).singleElement().returns(Result.WAITS, Outcome::result);
    bed.audit();
    outcomes.clear();
    try (Archive archive = bed.archive(root)) {
      ArchiveBed.run(archive, true, outcomes::add);
    }
    assertThat(outcomes).singleElement().returns(Result.ARCHIVED, Outcome::result);
    assertThat(manifest(DAY).auditRun()).isPositive();
    bed.forgetAudits();

    bed.write(NEXT, 5);
    bed.sql(
        "UPDATE spendwatch.progress SET stream_time = '2026-03-13T23:59:59Z' WHERE kafka_partition = 1");
    assertThat(run()).isEmpty();
  }

  @Test
  void saysWhatIsWrongWithTheArchive() throws Exception {
    bed.write(DAY, 50);
    bed.write(NEXT, 50);
    var _ = run();
    Path file =
        root.resolve(manifest(DAY).table(ArchiveTable.TRANSACTIONS).files().getFirst().name());
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    Files.delete(root.resolve(manifest(NEXT).table(ArchiveTable.ALERTS).files().getFirst().name()));
    assertThat(findings())
        .extracting(Archive.Finding::day, Archive.Finding::kind)
        .containsExactly(
            tuple(DAY, Archive.Finding.Kind.DAMAGED_FILE),
            tuple(NEXT, Archive.Finding.Kind.DAMAGED_FILE));
    assertThat(bed.drop(DAY)).isTrue();
    assertThatThrownBy(this::restored).hasMessageContaining("is not what was put there");
    assertThat(bed.transactions(DAY)).isEmpty();
    Files.delete(root.resolve(Manifest.name(NEXT)));
    assertThat(findings()).last().returns(Archive.Finding.Kind.NO_MANIFEST, Archive.Finding::kind);
    bed.insert(NEXT + "T05:00:00Z", 7, null);
    assertThatThrownBy(this::run).hasMessageContaining("bring it back");
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNamed() throws Exception {
    bed.write(DAY, 5);
    Files.writeString(root.resolve("transactions"), "in the way");
    assertThatThrownBy(this::run)
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("cannot take transactions/day=2026-03-10/part-");
    assertThat(bed.column("SELECT count(*) FROM spendwatch.archived_days")).containsExactly("0");
  }

  @Test
  void anotherAddressOrInstallationIsRefused() throws Exception {
    bed.write(DAY, 5);
    var _ = run();
    try (Archive archive = bed.archive(root.resolve("elsewhere"))) {
      assertThatThrownBy(() -> ArchiveBed.run(archive, false, _ -> {}))
          .hasMessageContaining("copy all of it there");
    }
    bed.empty();
    bed.write(DAY, 5);
    assertThatThrownBy(this::run).hasMessageContaining("another installation");
  }

  /** What is asked of days in the table, and again when one, then both of them have left. */
  @Test
  void aQuestionHasTheSameAnswerWhereverTheDaysAre() throws Exception {
    bed.write(DAY, 120);
    bed.write(NEXT, 80);
    bed.write(NEXT.plusDays(1), 20);
    var _ = run();
    Map<String, AnalysisAnswer> whole = new LinkedHashMap<>();
    for (String sql : QUESTIONS) {
      whole.put(sql, asked(sql));
      assertThat(whole.get(sql).source()).isEqualTo("primary");
    }
    for (LocalDate day : List.of(DAY, NEXT)) {
      assertThat(bed.drop(day)).isTrue();
      assertSameAnswers(whole, "archive");
    }
    try (Archive archive = bed.archive(root)) {
      assertThat(archive.restore(DAY).restored()).isEqualTo(120);
      assertThat(archive.restore(NEXT).restored()).isEqualTo(80);
    }
    assertSameAnswers(whole, "primary");
  }

  private void assertSameAnswers(Map<String, AnalysisAnswer> whole, String source) {
    whole.forEach(
        (sql, there) ->
            assertThat(asked(sql))
                .as(sql)
                .returns(source, AnalysisAnswer::source)
                .returns(there.columns(), AnalysisAnswer::columns)
                .returns(there.rows(), AnalysisAnswer::rows));
  }

  @Test
  void onlyTheDaysThatAQuestionNeedsAreFetchedFromABucket() throws Exception {
    try (S3Server server = new S3Server(root.resolve("server"))) {
      bed.write(DAY, 30);
      bed.write(NEXT, 20);
      bed.write(NEXT.plusDays(1), 10);
      try (Archive archive = bed.archive(root, server.store("p"))) {
        ArchiveBed.run(archive, false, _ -> {});
      }
      assertThat(bed.drop(DAY)).isTrue();
      assertThat(bed.drop(NEXT)).isTrue();
      FreeQueries queries = bed.queries(root, server.store("p"));
      assertThat(
              asked(
                  queries,
                  "SELECT count(*) FROM transactions WHERE event_time < timestamptz '2026-03-11 00:00:00Z'"))
          .returns(List.of(List.of(30L)), AnalysisAnswer::rows)
          .returns(30L, AnalysisAnswer::rowsRead);
      assertThat(
              asked(
                  queries,
                  "SELECT count(*) FROM transactions WHERE event_time >= '2026-03-11T00:00:00Z' AND user_id <> ''"))
          .returns(List.of(List.of(30L)), AnalysisAnswer::rows)
          .returns(30L, AnalysisAnswer::rowsRead);
      // What needs nothing of them does not go there.
      server.stop();
      assertThat(
              asked(
                  queries,
                  "SELECT count(*) FROM transactions WHERE event_time >= '2026-03-12T00:00:00Z'"))
          .returns("primary", AnalysisAnswer::source)
          .returns(List.of(List.of(10L)), AnalysisAnswer::rows);
      assertThatThrownBy(() -> asked(queries, "SELECT count(*) FROM transactions"))
          .hasMessageContaining("the archive at s3://archive/p cannot give");
    }
  }

  @Test
  void aQuestionThatCannotBeAnsweredSaysWhatWould() throws Exception {
    bed.write(DAY, 5);
    bed.write(NEXT, 5);
    var _ = run();
    assertThat(bed.drop(DAY)).isTrue();
    FreeQueries without = bed.queries(new ArchiveAccess.Absent("nobody reads it here"));
    String whole = "SELECT count(*) FROM transactions";
    assertThatThrownBy(() -> asked(without, whole))
        .hasMessageContaining("it reads transactions of 2026-03-10, which have left the table")
        .hasMessageContaining("nobody reads it here")
        .hasMessageContaining("event_time from 2026-03-11 on")
        .hasMessageContaining("spendwatch.hourly_spend");
    // No partition is left that the planner could name.
    assertThatThrownBy(() -> asked(without, whole + " WHERE event_time < '2026-03-11T00:00:00Z'"))
        .hasMessageContaining("2026-03-10");
    assertThat(asked(without, whole + " WHERE event_time >= '2026-03-12T00:00:00Z'").source())
        .isEqualTo("primary");
    assertThat(asked(without, "SELECT count(*) FROM accounts").source()).isEqualTo("primary");
    // PostgreSQL has it, the engine has not.
    assertThatThrownBy(
            () -> asked("SELECT pg_size_pretty(count(*)), jsonb_agg(user_id) FROM transactions"))
        .hasMessageContaining("DuckDB");
    assertThatThrownBy(() -> asked("SELECT * FROM transactions_readable"))
        .hasMessageContaining("transactions_readable");
    assertThatThrownBy(() -> asked("SELECT 1 FROM transactions FOR UPDATE"))
        .isInstanceOf(OperatorException.class);
    // Between detached and dropped.
    bed.sql(
        "ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20260311 CONCURRENTLY");
    assertThatThrownBy(() -> asked(whole)).hasMessageContaining("2026-03-11 are leaving");
  }

  /** A day leaves and comes back while the same is asked again and again. */
  @Test
  void noRowIsMissingOrThereTwiceWhileDaysLeave() throws Exception {
    bed.write(DAY, 400);
    bed.write(NEXT, 300);
    bed.write(NEXT.plusDays(1), 10);
    var _ = run();
    String sql =
        "SELECT count(*), count(DISTINCT (user_id, event_time, transaction_id)), sum(amount_minor)"
            + " FROM transactions";
    List<List<Object>> expected = asked(sql).rows();
    var ended = new AtomicBoolean();
    Set<String> sources = ConcurrentHashMap.newKeySet();
    var questions = new AtomicInteger();
    try (ExecutorService asking = Executors.newFixedThreadPool(2)) {
      List<Future<?>> askers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        askers.add(
            asking.submit(
                () -> {
                  FreeQueries queries = bed.queries(root, new FileStore(root));
                  while (!ended.get()) {
                    AnalysisAnswer answer = asked(queries, sql);
                    assertThat(answer.rows()).as(answer.because()).isEqualTo(expected);
                    sources.add(answer.source());
                    questions.incrementAndGet();
                  }
                }));
      }
      try {
        for (int round = 0; round < 2; round++) {
          for (LocalDate day : List.of(DAY, NEXT)) {
            awaitAnother(questions, askers);
            bed.sql("UPDATE spendwatch.archived_days SET kept_until = NULL");
            assertThat(bed.drop(day)).isTrue();
          }
          awaitAnother(questions, askers);
          try (Archive archive = bed.archive(root)) {
            for (LocalDate day : List.of(DAY, NEXT)) {
              assertThat(archive.restore(day).restored()).isPositive();
            }
          }
        }
        awaitAnother(questions, askers);
      } finally {
        ended.set(true);
      }
      for (Future<?> asker : askers) {
        asker.get();
      }
    }
    assertThat(sources).containsExactlyInAnyOrder("primary", "archive");
  }

  private static void awaitAnother(AtomicInteger questions, List<Future<?>> askers) {
    int before = questions.get();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> questions.get() > before + 1 || askers.stream().anyMatch(Future::isDone));
  }

  /** The row that came once more after its day had left: the first one counts. */
  @Test
  void aRowThatIsInBothCountsAsTheArchiveHasIt() throws Exception {
    bed.write(DAY, 20);
    var _ = run();
    String sql = "SELECT count(*), sum(amount_minor) FROM transactions";
    List<List<Object>> expected = asked(sql).rows();
    bed.sql("CREATE TABLE spendwatch.kept AS SELECT * FROM spendwatch.transactions LIMIT 1");
    assertThat(bed.drop(DAY)).isTrue();
    bed.sql(
        "SELECT spendwatch.ensure_partitions('{2026-03-10Z}')",
        "UPDATE spendwatch.kept SET amount_minor = 1",
        "INSERT INTO spendwatch.transactions SELECT * FROM spendwatch.kept",
        "DROP TABLE spendwatch.kept");
    assertThat(asked(sql).rows()).isEqualTo(expected);
    bed.insert(DAY + "T05:00:00Z", 7, null);
    assertThat(asked(sql).rows().getFirst().getFirst()).isEqualTo(21L);
  }

  /** What was summed lies to both sides of the seam, then beyond it. */
  @Test
  void whatWasDecidedExplainsItselfWhereverItsDaysAre() throws Exception {
    bed.write(DAY, 20);
    bed.write(NEXT, 20);
    bed.sql(
        """
        INSERT INTO spendwatch.transactions VALUES
          ('u-x', '2026-03-10T20:00:00.123Z', 'x-1', 'PURCHASE', 700, 'USD', 'shop', NULL, 700, 1000, 1, 'CLEAR', 0, 10,
           '2026-03-11T12:00:00Z', NULL),
          ('u-x', '2026-03-10T21:00:00Z', 'x-2', 'REFUND', 100, 'USD', NULL, 'x-1', 600, 1000, 1, 'CLEAR', 0, 11,
           '2026-03-11T12:00:00Z', NULL),
          ('u-x', '2026-03-11T03:00:00Z', 'x-3', 'PURCHASE', 600, 'USD', NULL, NULL, 1200, 1000, 1, 'BREACH', 0, 12,
           '2026-03-11T12:00:01Z', NULL)""",
        """
        INSERT INTO spendwatch.alerts (alert_id, type, rule, episode_id, user_id, transaction_id, exposure_minor,
          balance_minor, currency, transactions, window_start, event_time, detected_at, late, cause, kafka_topic,
          kafka_partition, kafka_offset, partition_seq) VALUES ('a-x', 'RAISED', 'exposure-24h', 'e-x', 'u-x', 'x-3', 1200,
          1000, 'USD', 3, '2026-03-10T03:00:00Z', '2026-03-11T03:00:00Z', '2026-03-11T12:00:01Z', false, NULL,
          'transactions', 0, 12, 99999)""");
    var _ = run();
    Function<Explanations, List<Explanation>> questions =
        explanations ->
            List.of(
                explanations.of("a-x", null, null),
                explanations.of("x-1", "u-x", Instant.parse("2026-03-10T20:00:00.123Z")),
                explanations.at("u-x", Instant.parse("2026-03-11T04:00:00Z")));
    Explanations here = bed.explanations(bed.access(root, new FileStore(root)));
    List<Explanation> before = questions.apply(here);
    assertThat(before.getFirst().differences()).isEmpty();
    assertThat(before.getFirst().summation().recomputed()).isEqualTo("12.00");
    for (LocalDate day : List.of(DAY, NEXT)) {
      assertThat(bed.drop(day)).isTrue();
      List<Explanation> after = questions.apply(here);
      assertThat(after).usingRecursiveComparison().ignoringFields("remarks").isEqualTo(before);
      assertThat(after)
          .allSatisfy(
              explanation ->
                  assertThat(explanation.remarks())
                      .last()
                      .asString()
                      .contains("read from the archive"));
    }
    Explanations nowhere = bed.explanations(new ArchiveAccess.Absent("nobody reads it here"));
    assertThatThrownBy(() -> nowhere.of("a-x", null, null))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("2026-03-10 to 2026-03-11 have left the table")
        .hasMessageContaining("nobody reads it here")
        .hasMessageContaining("archive restore");
  }

  private static final String GONE = "gone Ünï 'x' 用户";
  private static final String QUOTED = GONE.replace("'", "''");

  /** A day that has left, and one that is in the table, too. */
  @Test
  void whoIsErasedIsInNoFile() throws Exception {
    writeUser();
    var _ = run();
    assertThat(bed.drop(DAY)).isTrue();
    List<String> before = readable();
    assertThat(before).anyMatch(row -> row.contains(GONE));
    bed.eraseFromTables(QUOTED, "erased-1");
    assertThatThrownBy(this::run).hasMessageContaining("erased only half");
    assertThatThrownBy(this::restored).hasMessageContaining("erased only half");
    Set<Path> former = files();
    try (Archive archive = bed.archive(root)) {
      archive.lock();
      // Three transactions, an alert, a version, the account and two dead letters.
      List<DayRows> days = List.of(new DayRows(DAY, 8), new DayRows(NEXT, 8));
      assertThat(archive.count(GONE)).isEqualTo(days);
      assertThat(archive.erase(GONE, "erased-1")).isEqualTo(days);
      assertThat(archive.count(GONE)).isEmpty();
      assertThat(archive.erase(GONE, "erased-1")).isEmpty();
    }
    bed.sql("UPDATE spendwatch.erasures SET user_id = NULL");
    assertThat(readable()).noneMatch(row -> row.contains(GONE));
    assertThat(readable().stream().filter(row -> row.contains("erased-1"))).hasSize(12);
    assertThat(readable()).hasSize(before.size() - 4);
    assertThat(files()).hasSameSizeAs(former).isNotEqualTo(former).isEqualTo(named());
    assertThat(manifest(DAY).revision()).isOne();
    assertThat(findings()).isEmpty();
    // Nothing is new to it, and retention knows the day as it is now.
    assertThat(run()).isEmpty();
    assertThat(
            bed.column(
                "SELECT revision || ' ' || bytes FROM spendwatch.archived_days ORDER BY day"))
        .containsExactly("1 " + manifest(DAY).bytes(), "1 " + manifest(NEXT).bytes());
    assertThat(bed.drop(NEXT)).isTrue();
    try (Archive archive = bed.archive(root)) {
      assertThat(archive.restore(DAY).restored()).isEqualTo(33);
    }
    assertThat(bed.transactions(DAY).stream().filter(row -> row.contains("erased-1"))).hasSize(3);
  }

  /** Interrupted before and after each thing that it does to the store, and run again. */
  @Test
  void anErasureThatIsInterruptedGoesOn() throws Exception {
    bed.write(DAY, 10);
    bed.writeUser(QUOTED, DAY);
    bed.deadLetter(GONE.getBytes(UTF_8), null);
    bed.deadLetter("somebody".getBytes(UTF_8), null);
    var _ = run();
    bed.eraseFromTables(QUOTED, "erased-1");
    Path whole = root.resolveSibling(root.getFileName() + "-whole");
    copy(root, whole);
    bed.sql("CREATE TABLE spendwatch.noted AS SELECT * FROM spendwatch.archived_days");
    for (boolean isDone : List.of(false, true)) {
      for (int call = 0; ; call++) {
        Path here = root.resolveSibling(root.getFileName() + "-" + call + isDone);
        copy(whole, here);
        bed.sql(
            "UPDATE spendwatch.settings SET archive_uri = 'file://" + here + "'",
            "TRUNCATE spendwatch.archived_days",
            "INSERT INTO spendwatch.archived_days SELECT * FROM spendwatch.noted");
        var broken = new BrokenStore(new FileStore(here), call, isDone);
        try (Archive archive = bed.archive(here, broken)) {
          archive.lock();
          var _ = archive.erase(GONE, "erased-1");
        } catch (OperatorException e) {
          assertThat(e).hasMessageContaining("No space left");
        }
        if (!broken.hasFailed()) {
          assertThat(call).isGreaterThan(10);
          break;
        }
        try (Archive archive = bed.archive(here)) {
          archive.lock();
          var _ = archive.erase(GONE, "erased-1");
          assertThat(archive.count(GONE)).isEmpty();
          archive.verify(Optional.empty(), (_, findings) -> assertThat(findings).isEmpty());
        }
        assertThat(files(here)).isEqualTo(named(here));
        assertThat(bed.column("SELECT spendwatch.may_drop_partition('transactions_20260310')"))
            .containsExactly("t");
      }
    }
  }

  @AfterEach
  void forgetWhatWasNoted() throws SQLException {
    bed.sql("DROP TABLE IF EXISTS spendwatch.noted");
  }

  private void writeUser() throws SQLException {
    bed.write(DAY, 30);
    bed.write(NEXT, 20);
    bed.writeUser(QUOTED, DAY);
    bed.writeUser(QUOTED, NEXT);
    bed.deadLetter(GONE.getBytes(UTF_8), null);
    bed.deadLetter(null, ("{\"userId\":\"" + GONE + "\"}").getBytes(UTF_8));
    bed.deadLetter("somebody".getBytes(UTF_8), "no JSON".getBytes(UTF_8));
  }

  /** The values of all rows, as the engine reads them from whatever file lies there. */
  private List<String> readable() throws IOException {
    List<String> rows = new ArrayList<>();
    try (Parquet parquet = Parquet.open(root, 128 << 20)) {
      for (Path file : files()) {
        ArchiveTable table =
            ArchiveTable.valueOf(
                root.relativize(file).getName(0).toString().toUpperCase(java.util.Locale.ROOT));
        parquet.read(
            table,
            Parquet.archived(table, List.of(file)),
            row ->
                rows.add(
                    Arrays.stream(row)
                        .map(
                            value ->
                                value instanceof byte[] bytes
                                    ? new String(bytes, UTF_8)
                                    : String.valueOf(value))
                        .toList()
                        .toString()));
      }
    }
    return rows;
  }

  private Set<Path> files() throws IOException {
    return files(root);
  }

  private static Set<Path> files(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(file -> file.toString().endsWith(".parquet")).collect(Collectors.toSet());
    }
  }

  private Set<Path> named() throws IOException {
    return named(root);
  }

  private static Set<Path> named(Path root) throws IOException {
    Set<Path> named = new HashSet<>();
    for (LocalDate day : List.of(DAY, NEXT)) {
      Path manifest = root.resolve(Manifest.name(day));
      if (!Files.exists(manifest)) {
        continue;
      }
      Manifest.of(day, Files.readAllBytes(manifest)).tables().values().stream()
          .flatMap(table -> table.files().stream())
          .forEach(file -> named.add(root.resolve(file.name())));
    }
    return named;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  private AnalysisAnswer asked(String sql) {
    return asked(bed.queries(root, new FileStore(root)), sql);
  }

  private static AnalysisAnswer asked(FreeQueries queries, String sql) {
    try {
      return queries
          .answer(FreeQueries.Question.of(sql), new CompletableFuture<>())
          .toCompletableFuture()
          .join();
    } catch (CompletionException e) {
      throw Retry.cause(e) instanceof OperatorException said ? said : e;
    }
  }

  private List<Outcome> run() {
    List<Outcome> outcomes = new ArrayList<>();
    try (Archive archive = bed.archive(root)) {
      ArchiveBed.run(archive, false, outcomes::add);
    }
    return outcomes;
  }

  private List<Archive.Finding> findings() {
    List<Archive.Finding> all = new ArrayList<>();
    try (Archive archive = bed.archive(root)) {
      archive.verify(Optional.empty(), (_, findings) -> all.addAll(findings));
    }
    return all;
  }

  private Manifest manifest(LocalDate day) throws IOException {
    return Manifest.of(day, Files.readAllBytes(root.resolve(Manifest.name(day))));
  }
}
