package io.spendwatch.ops.cli;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.erasure.ErasableArchive;
import io.spendwatch.ops.erasure.ErasableArchive.DayRows;
import io.spendwatch.ops.erasure.Erasure;
import io.spendwatch.ops.erasure.ErasureReport;
import io.spendwatch.ops.storage.trail.OperatorTrail;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.database.Database;
import java.io.PrintWriter;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Erases a user who has asked for it. */
@Command(
    name = "erase",
    mixinStandardHelpOptions = true,
    description = {
      "A user's id gives way to a pseudonym in all tables and in the archive, and the name of the account goes;"
          + " nothing says afterwards whose pseudonym it is. Sums, alerts and audits hold as before. The topic of"
          + " balances gets a tombstone; what cannot be reached is said.",
      "Without --yes it says what there is. Nodes run meanwhile; interrupted, it goes on when it is run again. The"
          + " user's transactions have to have ended before: later ones are those of a new customer.",
      "Needs the rights of spendwatch_owner, and SPENDWATCH_ARCHIVE_URI where there is an archive."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:it is done, or would be; or there is nothing of the user",
      "1:it could not be done, and one line says why; or rows came while it was done",
      "2:wrong usage"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch erase 42 --yes")
public final class EraseCommand implements Callable<Integer> {
  private static final int ID_CHARACTERS_MAX = 64;
  private static final int CAME_MEANWHILE = 1;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "USER", description = "The user's id.")
  private String userId;

  @Option(names = "--yes", description = "Do it.")
  private boolean yes;

  @Option(names = "--json", description = "Print what there was as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    int characters = userId.codePointCount(0, userId.length());
    if (characters < 1 || characters > ID_CHARACTERS_MAX || userId.indexOf('\0') >= 0) {
      throw new ParameterException(
          spec.commandLine(), "USER: expected: an id of 1 to " + ID_CHARACTERS_MAX + " characters");
    }
    Configuration configuration = Configuration.load();
    var erasure =
        new Erasure(
            configuration.database(),
            configuration.streams().kafka(),
            configuration.archive(),
            ErasableArchive.provider(),
            InstantSource.system());
    ErasureReport report = yes ? erasure.erase(userId) : erasure.rehearse(userId);
    if (yes && !report.isNobody()) {
      note(configuration, report);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(ForeignText.inJson(Json.write(report)));
    } else {
      print(out, report);
    }
    return report.left() > 0 ? CAME_MEANWHILE : 0;
  }

  /** Whom it was about is not said. */
  private static void note(Configuration configuration, ErasureReport report) {
    Database database = Database.open(configuration.streams().postgres());
    try {
      new OperatorTrail(database)
          .noteCommand(
              "erase --yes",
              String.format(
                  Locale.ROOT,
                  "a user: %d rows, %d days of the archive; %d rows came meanwhile",
                  report.rows(),
                  report.archive().size(),
                  report.left()));
    } finally {
      var _ = database.close().toCompletableFuture().join();
    }
  }

  private void print(PrintWriter out, ErasureReport report) {
    if (report.isNobody()) {
      out.println("there is nothing of this user in the tables, nor in the archive");
    }
    String verb = report.done() ? "had" : "has";
    report
        .tables()
        .forEach(
            table ->
                out.println(
                    String.format(
                        Locale.ROOT, "%-28s %s %,d rows", table.table(), verb, table.rows())));
    if (report.archiveSays() != null) {
      out.println(ForeignText.shown("archive: left out; " + report.archiveSays()));
    } else {
      for (DayRows day : report.archive()) {
        out.println(
            String.format(
                Locale.ROOT, "%-28s %s %,d rows", "archive " + day.day(), verb, day.rows()));
      }
    }
    if (report.tombstone()) {
      out.println(
          "balances in their topic: ended by a tombstone, gone with its next compaction, the tombstone"
              + " after delete.retention.ms");
    }
    for (ErasureReport.Topic topic : report.topics()) {
      out.println(
          ForeignText.shown("topic " + topic.name() + " keeps what it has " + until(topic)));
    }
    out.println("not reached from here:");
    report.outOfReach().forEach(text -> out.println("  " + text));
    if (report.left() > 0) {
      out.println(
          String.format(
              Locale.ROOT,
              "%,d rows came while it was done, of a new customer with that id: run it again once"
                  + " they have ended",
              report.left()));
    } else if (!report.done()) {
      out.println("dry run: --yes does it");
    } else if (!report.isNobody()) {
      out.println("erased: a pseudonym has its place, and nothing says whose");
    }
  }

  private static String until(ErasureReport.Topic topic) {
    if (topic.keptUntil() != null) {
      return "until " + topic.keptUntil().truncatedTo(ChronoUnit.SECONDS);
    }
    return topic.compacted() ? "until it is compacted" : "for ever";
  }
}
