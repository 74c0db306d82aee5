package io.spendwatch.ops.cli.stored;

import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.audit.explain.Explanation;
import io.spendwatch.ops.audit.explain.ExplanationText;
import io.spendwatch.ops.audit.explain.Explanations;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.database.Database;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Explains an alert, a transaction, or why there was no alert. */
@Command(
    name = "explain",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "Explains an alert or a transaction by its id: what was summed, what it was held against, and what that"
          + " led to; or, with --user and --at alone, how a user stood at an instant, and why there was an alert"
          + " or none. From the tables alone, and from the archive where days have left these; the sum is computed anew, by SQL that is"
          + " shown.",
      "A transaction is found at once with --user, soon with --at; with neither, all transactions are read."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:explained",
      "1:the tables disagree with themselves",
      "2:wrong usage, nothing to explain, or it could not be read"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch explain --user 42 --at 2024-07-12T15:57:33.120Z")
public final class ExplainCommand implements Callable<Integer> {
  private static final int DISAGREE = 1;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "ID",
      arity = "0..1",
      description = "Of an alert, or its beginning as `alerts` prints it; or of a transaction.")
  private String id;

  @Option(names = "--user", paramLabel = "ID", description = "The user.")
  private String userId;

  @Option(
      names = "--at",
      paramLabel = "INSTANT",
      description = "Event time, as 2024-07-12T15:57:33.120Z; with an ID, about so, to a day.")
  private String at;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "50",
      description = "Show so many transactions of a window, the latest ones (${DEFAULT-VALUE}).")
  private int rowsMax;

  @Option(names = "--json", description = "The same as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    if (id == null && (userId == null || at == null)) {
      throw new ParameterException(
          spec.commandLine(), "what? (expected: an ID, or --user and --at)");
    }
    if (rowsMax < 1) {
      throw new ParameterException(
          spec.commandLine(), "--rows: " + rowsMax + " (expected: at least 1)");
    }
    Instant instant = at == null ? null : instant();
    Configuration configuration = Configuration.load();
    Database database = open(configuration);
    try (ArchiveAccess archive = configuration.openArchive()) {
      var explanations =
          new Explanations(database, configuration.streams().kafka().topics(), rowsMax, archive);
      Explanation explanation =
          id == null ? explanations.at(userId, instant) : explanations.of(id, userId, instant);
      spec.commandLine()
          .getOut()
          .println(
              json ? ForeignText.inJson(Json.write(explanation)) : ExplanationText.of(explanation));
      return explanation.isContradictory() ? DISAGREE : 0;
    } finally {
      database.close().toCompletableFuture().join();
    }
  }

  /** Which connections analysis uses. */
  private static Database open(Configuration configuration) {
    return Database.open(configuration.analytics());
  }

  private Instant instant() {
    try {
      return Instant.ofEpochMilli(EventTime.parseMs(at));
    } catch (DateTimeException e) {
      throw new ParameterException(
          spec.commandLine(), "--at: " + at + " (expected: such as 2024-07-12T15:57:33.120Z)", e);
    }
  }
}
