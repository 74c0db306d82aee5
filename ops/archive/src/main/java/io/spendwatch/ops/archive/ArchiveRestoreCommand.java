package io.spendwatch.ops.archive;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.archive.days.DayRestorer.Restored;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Brings a day back. */
@Command(
    name = "restore",
    mixinStandardHelpOptions = true,
    description = {
      "Brings a day's transactions back into the table, all of them or none, and compares them with"
          + " what has left. Retention leaves the day alone for SPENDWATCH_ARCHIVE_KEEP_RESTORED"
          + " (7 d). Roll-ups are as they were: they have never lost it."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:it is there", "1:it could not be done; one line says why", "2:wrong usage"},
    footerHeading = "%nExample:%n",
    footer = "  spendwatch archive restore 2026-03-10")
public final class ArchiveRestoreCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DAY", description = "As 2026-03-10 (UTC).")
  private String day;

  @Option(names = "--json", description = "Print what was done as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    LocalDate of = OpenedArchive.day(spec, day);
    Restored restored;
    try (Archive archive = OpenedArchive.open()) {
      restored = archive.restore(of);
    }
    out.println(
        json
            ? ForeignText.inJson(Json.write(restored))
            : String.format(
                Locale.ROOT,
                "%s: %,d transactions are in the table, %,d of them restored; kept until %s",
                restored.day(),
                restored.transactions(),
                restored.restored(),
                restored.keptUntil().truncatedTo(ChronoUnit.SECONDS)));
    return 0;
  }
}
