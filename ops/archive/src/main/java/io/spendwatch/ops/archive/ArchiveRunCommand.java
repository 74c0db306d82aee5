package io.spendwatch.ops.archive;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.archive.store.ArchiveLocation;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.rounds.ArchiveWriter.Outcome;
import io.spendwatch.ops.rounds.ArchiveWriter.Result;
import io.spendwatch.ops.rounds.Round;
import io.spendwatch.ops.rounds.RoundStep;
import io.spendwatch.ops.rounds.RoundSteps;
import io.spendwatch.ops.rounds.Rounds;
import io.spendwatch.ops.status.RoundsStatus.State;
import io.spendwatch.ops.storage.rollups.UserFeatures;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance;
import io.spendwatch.ops.storage.tablepartitions.PartitionMetrics;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Database;
import java.io.PrintWriter;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** One round of the archive. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "One round of the archive: each closed day that is not there yet is copied, and what has come"
          + " since for those that are, the oldest first; what was copied is read back, and loaded into"
          + " the warehouse that SPENDWATCH_WAREHOUSE_URI names; users' features are computed; what is older than SPENDWATCH_PARTITIONS_RETENTION is dropped."
          + " One round at a time, of commands and nodes. Killed at any moment, the next one goes on"
          + " from there.",
      "Nodes do it by themselves with SPENDWATCH_ARCHIVE_ROUNDS_EVERY; without, run it daily, by"
          + " cron or the like.",
      "A day is closed when stream time of all partitions is past its end by"
          + " SPENDWATCH_ARCHIVE_SETTLED (48 h), and waits for an audit that has found it clean."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:all closed days are archived, and all steps done",
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

  /** A step, as {@code --json} prints it. */
  private record Step(RoundStep step, State state, String reason) {}

  /** What {@code --json} prints. */
  private record Done(List<Outcome> days, List<Step> steps) {}

  private final Done done = new Done(new ArrayList<>(), new ArrayList<>());

  @Override
  public Integer call() {
    Configuration configuration = Configuration.load();
    var _ = ArchiveLocation.of(configuration.archive());
    Round.Ending ending = round(configuration);
    if (json) {
      spec.commandLine().getOut().println(ForeignText.inJson(Json.write(done)));
    }
    if (ending.state() == State.FAILED) {
      throw new OperatorException(ending.step().word() + ": " + ending.reason());
    }
    boolean waits = done.days().stream().anyMatch(day -> day.result() == Result.WAITS);
    return ending.isComplete() && !waits ? 0 : 1;
  }

  private Round.Ending round(Configuration configuration) {
    List<Database> opened = new ArrayList<>();
    try {
      Timekeeper time = Timekeeper.real(InstantSource.system());
      Database database = opened(Database.open(configuration.streams().postgres()), opened);
      RoundSteps.Parts parts = parts(configuration, database, opened, time);
      return new Rounds(
              database,
              "`archive run`, process " + ProcessHandle.current().pid(),
              configuration.archive().rounds(),
              () -> new RoundSteps(parts),
              this::tell,
              time)
          .run(Optional.empty(), () -> true)
          .orElseThrow(
              () ->
                  new OperatorException(
                      "another round of the archive is under way, of a node or of this command; try"
                          + " again when it is done (`spendwatch status` says)"));
    } finally {
      for (Database each : opened) {
        var _ = each.close().toCompletableFuture().join();
      }
    }
  }

  private static Database opened(Database database, List<Database> all) {
    all.add(database);
    return database;
  }

  private RoundSteps.Parts parts(
      Configuration configuration, Database database, List<Database> opened, Timekeeper time) {
    var features =
        new UserFeatures(
            opened(Database.open(configuration.rollups().postgres()), opened),
            configuration.rollups().features());
    var partitions = configuration.partitions();
    Optional<PartitionMaintenance> retention =
        partitions
            .retention()
            .map(
                kept ->
                    new PartitionMaintenance(
                        database,
                        Optional.of(opened(Database.open(partitions.postgres()), opened)),
                        Optional.of(kept),
                        partitions.merging(),
                        time,
                        PartitionMetrics.NONE));
    return new RoundSteps.Parts(
        () ->
            new Archive.Opener()
                .open(
                    configuration.archive(),
                    configuration.database(),
                    withoutDeadLetters
                        ? Optional.empty()
                        : Optional.of(configuration.streams().kafka()),
                    time),
        !unaudited,
        // Nodes do; asked for by hand, it is a command of its own.
        Optional.empty(),
        features::compute,
        features::newest,
        retention.map(there -> there::look),
        this::tell);
  }

  private void tell(Outcome day) {
    done.days().add(day);
    print(line(day));
  }

  private void tell(RoundStep step, State state, String reason) {
    done.steps().add(new Step(step, state, reason));
    // What has failed is the last line, on standard error.
    if (state != State.FAILED) {
      print(
          String.format(
              Locale.ROOT,
              "%-10s  %s%s",
              step.word(),
              state == State.WAITING ? "waits: " : "",
              reason));
    }
  }

  private void print(String line) {
    if (!json) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(ForeignText.shown(line));
      out.flush();
    }
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
