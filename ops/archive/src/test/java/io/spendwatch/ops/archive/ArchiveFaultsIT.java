package io.spendwatch.ops.archive;

import static io.spendwatch.ops.archive.ArchiveBed.DAY;
import static io.spendwatch.ops.archive.ArchiveBed.NEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.days.DayVerifier.Finding;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.store.FileStore;
import io.spendwatch.ops.rounds.ArchiveWriter.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever fails while days leave, in the store or beside it, none is lost, and it is said. */
class ArchiveFaultsIT extends ArchivingDays {
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
        .extracting(Finding::day, Finding::kind)
        .containsExactly(
            tuple(DAY, Finding.Kind.DAMAGED_FILE), tuple(NEXT, Finding.Kind.DAMAGED_FILE));
    assertThat(bed.drop(DAY)).isTrue();
    assertThatThrownBy(this::restored).hasMessageContaining("is not what was put there");
    assertThat(bed.transactions(DAY)).isEmpty();
    Files.delete(root.resolve(Manifest.name(NEXT)));
    assertThat(findings()).last().returns(Finding.Kind.NO_MANIFEST, Finding::kind);
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
}
