package io.spendwatch.ops.archive;

import static io.spendwatch.ops.archive.ArchiveBed.DAY;
import static io.spendwatch.ops.archive.ArchiveBed.NEXT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.archive.store.FileStore;
import io.spendwatch.ops.erasure.ErasableArchive.DayRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who is erased is in no file of the archive, wherever that was interrupted. */
class ArchivedErasureIT extends ArchivingDays {
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
}
