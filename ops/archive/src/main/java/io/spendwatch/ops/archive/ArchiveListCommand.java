package io.spendwatch.ops.archive;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.archive.days.LiveDays.Archived;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Lists the days that are in the archive. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description =
        "Lists the days that are in the archive, the newest first, as the database has it.",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:listed", "1:it could not be done", "2:wrong usage"},
    footerHeading = "%nExample:%n",
    footer = "  spendwatch archive list")
public final class ArchiveListCommand implements Callable<Integer> {
  private static final String LINE = "%-10s  %8s  %14s  %10s  %11s  %s";

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print them as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<Archived> days;
    try (Archive archive = OpenedArchive.open()) {
      days = archive.list();
    }
    if (json) {
      out.println(ForeignText.inJson(Json.write(days)));
      return 0;
    }
    out.println(
        String.format(
            Locale.ROOT, LINE, "day", "revision", "transactions", "alerts", "size", "in table"));
    for (Archived day : days) {
      out.println(
          String.format(
              Locale.ROOT,
              LINE,
              day.day(),
              day.revision(),
              String.format(Locale.ROOT, "%,d", day.transactions()),
              String.format(Locale.ROOT, "%,d", day.alerts()),
              OpenedArchive.megabytes(day.bytes()),
              inTable(day)));
    }
    return 0;
  }

  private static String inTable(Archived day) {
    if (day.keptUntil() != null) {
      return "restored, until " + day.keptUntil().truncatedTo(ChronoUnit.SECONDS);
    }
    return day.droppedAt() == null
        ? "yes"
        : "no, since " + day.droppedAt().truncatedTo(ChronoUnit.SECONDS);
  }
}
