package io.spendwatch.ops.archive;

import io.spendwatch.ops.api.Json;
import io.spendwatch.ops.archive.Archive.Outcome;
import io.spendwatch.ops.archive.Archive.Result;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Archives what is closed. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "Archives each closed day that is not in the archive yet, and adds what has come since for"
          + " those that are: the oldest first, one run at a time. To be run daily, by cron or the"
          + " like; killed at any moment, it goes on from there the next time.",
      "A day is closed when stream time of all partitions is past its end by"
          + " SPENDWATCH_ARCHIVE_SETTLED (48 h), and waits for an audit that has found it clean."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:all closed days are archived",
      "1:one is not; a line says why",
      "2:wrong usage"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch archive run --json | jq .days")
public final class ArchiveRunCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--unaudited", description = "Days do not wait for an audit.")
  private boolean unaudited;

  @Option(
      names = "--without-dead-letters",
      description = "Leaves dead letters out, for which Kafka is asked.")
  private boolean withoutDeadLetters;

  @Option(names = "--json", description = "Print what was done as JSON.")
  private boolean json;

  /** What {@code --json} prints. */
  private record Done(List<Outcome> days) {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<Outcome> days = new ArrayList<>();
    try (Archive archive = OpenedArchive.open(!withoutDeadLetters)) {
      archive.run(
          !unaudited,
          day -> {
            days.add(day);
            if (!json) {
              out.println(ForeignText.shown(line(day)));
              out.flush();
            }
          });
    }
    if (json) {
      out.println(ForeignText.inJson(Json.write(new Done(days))));
    } else if (days.isEmpty()) {
      out.println("nothing to archive");
    }
    return days.stream().anyMatch(day -> day.result() == Result.WAITS) ? 1 : 0;
  }

  private static String line(Outcome day) {
    return switch (day.result()) {
      case WAITS -> day.day() + "  waits: " + day.reason();
      case ARCHIVED, ADDED, NOTED ->
          String.format(
              Locale.ROOT,
              "%s  %-8s  %,d transactions, %,d alerts, %s; %,d rows were new; %,.1f s",
              day.day(),
              day.result().name().toLowerCase(Locale.ROOT),
              day.transactions(),
              day.alerts(),
              OpenedArchive.megabytes(day.bytes()),
              day.added(),
              day.tookMs() / 1000.0);
    };
  }
}
