package io.spendwatch.ops.archive;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.base.Timekeeper;
import java.time.DateTimeException;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What the commands of the archive have in common. Stateless. */
final class OpenedArchive {
  private static final double MEGABYTE = 1_000_000;

  private OpenedArchive() {}

  /** The archive and the database that the settings name; whoever opens it closes it. */
  static Archive open() {
    Configuration configuration = Configuration.load();
    return Archive.open(
        configuration.archive(),
        configuration.database(),
        Optional.empty(),
        Timekeeper.real(InstantSource.system()));
  }

  /** A day, as it was typed. */
  static LocalDate day(CommandSpec spec, String text) {
    try {
      return LocalDate.parse(text);
    } catch (DateTimeException e) {
      throw new ParameterException(
          spec.commandLine(),
          "DAY: " + ForeignText.shown(text) + " (expected: a day, such as 2026-03-10)",
          e);
    }
  }

  static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%,.1f MB", bytes / MEGABYTE);
  }
}
