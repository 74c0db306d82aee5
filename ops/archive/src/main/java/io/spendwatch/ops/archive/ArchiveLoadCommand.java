package io.spendwatch.ops.archive;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.rounds.ArchiveWriter.Load;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Brings days of the archive to the warehouse, now. */
@Command(
    name = "load",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "Brings the days of the archive to a PostgreSQL-compatible warehouse"
          + " (SPENDWATCH_WAREHOUSE_URI): what is missing there is inserted, what is otherwise is"
          + " updated, and what the archive has no longer is removed. Each day in one transaction,"
          + " with what says that it is there. Killed at any moment, the next one goes on from there.",
      "A round does it as one of its steps; this command does it alone. Days whose files no round"
          + " has read once more since they were written are left for that."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:the warehouse has all days as the archive has them",
      "1:some are not verified yet; a line says which",
      "2:wrong usage, or it could not be done"
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  export SPENDWATCH_WAREHOUSE_URI=postgresql://loader@127.0.0.1/warehouse",
      "  spendwatch archive load"
    })
public final class ArchiveLoadCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print what was done as JSON.")
  private boolean json;

  /** What {@code --json} prints. */
  private record Done(List<Load> days, List<LocalDate> unverified) {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<Load> days = new ArrayList<>();
    List<LocalDate> unverified;
    try (Archive archive = OpenedArchive.open()) {
      archive.requireOwnUri();
      for (LocalDate day : archive.unloaded()) {
        Load load = archive.load(day);
        days.add(load);
        if (!json) {
          out.println(line(load));
          out.flush();
        }
      }
      unverified = archive.unverified();
    }
    if (json) {
      out.println(ForeignText.inJson(Json.write(new Done(days, unverified))));
    } else if (days.isEmpty() && unverified.isEmpty()) {
      out.println("nothing to load");
    } else {
      unverified.forEach(
          day -> out.println(day + "  waits: to be verified (`spendwatch archive run`)"));
    }
    return unverified.isEmpty() ? 0 : 1;
  }

  private static String line(Load load) {
    return String.format(
        Locale.ROOT,
        "%s  loaded  %,d rows written, %,d removed; %,.1f s",
        load.day(),
        load.written(),
        load.removed(),
        load.tookMs() / 1000.0);
  }
}
