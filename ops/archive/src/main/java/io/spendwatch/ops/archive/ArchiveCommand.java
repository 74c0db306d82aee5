package io.spendwatch.ops.archive;

import io.spendwatch.ops.Spendwatch;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The archive, and the main class of its process. */
@Command(
    name = "archive",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "run|load|list|show|verify|restore",
    description = {
      "Closed days leave for the archive, as Parquet in a directory or in an S3-compatible store"
          + " (SPENDWATCH_ARCHIVE_URI), and come back.",
      "Once there is an archive, retention drops a day only when all of its rows were found there.",
      "Exit status: of the command under it."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  export SPENDWATCH_ARCHIVE_URI=file:///var/lib/spendwatch/archive",
      "  spendwatch archive run",
      "  spendwatch archive restore 2026-03-10"
    },
    subcommands = {
      ArchiveRunCommand.class,
      ArchiveLoadCommand.class,
      ArchiveListCommand.class,
      ArchiveShowCommand.class,
      ArchiveVerifyCommand.class,
      ArchiveRestoreCommand.class
    })
public final class ArchiveCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** The commands of this process. */
  static Map<String, Class<?>> commands() {
    return Map.of("archive", ArchiveCommand.class);
  }

  public static void main(String[] args) {
    // As Spendwatch.
    Locale.setDefault(Locale.ROOT);
    System.exit(Spendwatch.run(commands(), args));
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "which? (expected: run, load, list, show, verify or restore)");
  }
}
