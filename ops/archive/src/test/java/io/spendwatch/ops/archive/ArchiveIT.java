package io.spendwatch.ops.archive;

import static io.spendwatch.ops.archive.ArchiveBed.DAY;
import static io.spendwatch.ops.archive.ArchiveBed.NEXT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.days.DayVerifier.Finding;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.rounds.ArchiveWriter.Outcome;
import io.spendwatch.ops.rounds.ArchiveWriter.Result;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Days leave, are compared, and come back as they were, whatever comes meanwhile. */
class ArchiveIT extends ArchivingDays {
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
    assertThat(findings()).singleElement().returns(Finding.Kind.OTHER_ROWS, Finding::kind);
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
}
