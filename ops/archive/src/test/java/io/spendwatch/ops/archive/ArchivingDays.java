package io.spendwatch.ops.archive;

import static io.spendwatch.ops.archive.ArchiveBed.DAY;

import io.spendwatch.ops.archive.days.DayVerifier.Finding;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.rounds.ArchiveWriter.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Days of a real database, and the archive that they leave for, empty before each test. */
@ExtendWith(ArchiveBed.Shared.class)
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ArchivingDays {
  ArchiveBed bed;

  @TempDir Path root;

  @BeforeAll
  void start(ArchiveBed shared) {
    bed = shared;
  }

  @BeforeEach
  void empty() throws SQLException {
    bed.empty();
  }

  List<Outcome> run() {
    List<Outcome> outcomes = new ArrayList<>();
    try (Archive archive = bed.archive(root)) {
      ArchiveBed.run(archive, false, outcomes::add);
    }
    return outcomes;
  }

  List<Finding> findings() {
    List<Finding> all = new ArrayList<>();
    try (Archive archive = bed.archive(root)) {
      archive.verify(Optional.empty(), (_, findings) -> all.addAll(findings));
    }
    return all;
  }

  long restored() {
    try (Archive archive = bed.archive(root)) {
      return archive.restore(DAY).restored();
    }
  }

  Manifest manifest(LocalDate day) throws IOException {
    return Manifest.of(day, Files.readAllBytes(root.resolve(Manifest.name(day))));
  }
}
