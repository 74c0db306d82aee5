package io.spendwatch.ops.cli.stored;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.analysis.FreeQueries;
import io.spendwatch.ops.analysis.FreeQueries.Question;
import io.spendwatch.ops.analysis.FreeQueries.Routed;
import io.spendwatch.ops.analysis.Replica;
import io.spendwatch.ops.analysis.Report;
import io.spendwatch.ops.analysis.ReportQuestion;
import io.spendwatch.ops.analysis.Reports;
import io.spendwatch.ops.analysis.Route;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.analysis.answer.AnswerText;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.PgFailure;
import java.io.PrintWriter;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Answers a report, or a query in SQL. */
@Command(
    name = "query",
    mixinStandardHelpOptions = true,
    description = {
      "Answers a report, from roll-ups that are kept as transactions come; without one, says which there are."
          + " Or, with --sql, a query that only reads, where the planner says that it can be answered: from"
          + " roll-ups; from a replica, if it is dear or of old days and there is one; from the archive, united with"
          + " the tables, if it is of days that have left; or from the tables if that is not too dear.",
      "What is answered says where from, of which moment, how long it took, and how many rows were read."
          + " Ctrl-C ends it on the server too.",
      "Exit status: 0 answered, 1 refused or not to be had, 2 wrong usage."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  spendwatch query top-merchants --from 2024-07-01T00:00:00Z --by breaches",
      "  spendwatch query --sql 'SELECT hour, sum(transactions) FROM hourly_spend GROUP BY 1' --csv"
    })
public final class QueryCommand implements Callable<Integer> {
  /** After Ctrl-C, for the server's word that it has ended. */
  private static final Duration CANCEL_MAX = Duration.ofSeconds(2);

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "REPORT", arity = "0..1", description = "Which (without: their names).")
  private String report;

  @Option(
      names = "--from",
      paramLabel = "INSTANT",
      description = "Event time from which on, as 2024-07-12T00:00:00Z.")
  private String from;

  @Option(
      names = "--to",
      paramLabel = "INSTANT",
      description = "Its end (default: that of the newest hour).")
  private String to;

  @Option(names = "--by", paramLabel = "WORD", description = "What the report is by.")
  private String by;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "" + Report.LIMIT_DEFAULT,
      description = "So many rows of a report, 1 to 1000 (${DEFAULT-VALUE}).")
  private int limit;

  @Option(names = "--sql", paramLabel = "TEXT", description = "One query that only reads.")
  private String sql;

  @Option(
      names = "--max-age",
      paramLabel = "DURATION",
      description = "Of --sql, how old the answer may be, as 5s (default: as old as it is).")
  private Duration maxAge;

  @Option(
      names = "--at-least",
      paramLabel = "LSN",
      description =
          "Of --sql, a place in the log, as 16/B374D848: what was committed before it is in the answer, whoever gives it.")
  private String atLeast;

  @Option(
      names = "--explain-route",
      description = "Of --sql, only say where it would be answered, and why.")
  private boolean explainRoute;

  @ArgGroup private Format format = new Format();

  /** How it is printed. */
  private static final class Format {
    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Option(names = "--csv", description = "As CSV, with a line of names.")
    private boolean csv;
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (sql == null && (maxAge != null || atLeast != null || explainRoute)) {
      throw new ParameterException(
          spec.commandLine(), "--max-age, --at-least and --explain-route go with --sql");
    }
    if (sql == null && report == null) {
      for (Report each : Report.values()) {
        out.println(line(each));
      }
      return 0;
    }
    if (sql != null && (report != null || from != null || to != null || by != null)) {
      throw new ParameterException(spec.commandLine(), "--sql goes with no report");
    }
    if (sql == null) {
      ReportQuestion question = question();
      Configuration configuration = Configuration.load();
      print(
          out,
          asked(
              configuration,
              (database, unwanted) ->
                  new Reports(database, configuration.analysis().timeout())
                      .answer(question, unwanted)));
      return 0;
    }
    Question question = new Question(sql, Optional.ofNullable(maxAge), place());
    Configuration configuration = Configuration.load();
    if (explainRoute) {
      Routed routed = free(configuration, (queries, _) -> queries.route(question));
      printRoute(out, routed);
      return routed.route() instanceof Route.Refused ? 1 : 0;
    }
    print(out, free(configuration, (queries, unwanted) -> queries.answer(question, unwanted)));
    return 0;
  }

  private OptionalLong place() {
    try {
      return atLeast == null ? OptionalLong.empty() : OptionalLong.of(Replica.place(atLeast));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--at-least: " + e.getMessage(), e);
    }
  }

  private static <T> T free(
      Configuration configuration,
      BiFunction<FreeQueries, CompletionStage<?>, CompletionStage<T>> question) {
    Optional<Database> replica = configuration.replica().map(Database::open);
    try (ArchiveAccess archive = configuration.openArchive()) {
      return asked(
          configuration,
          (database, unwanted) ->
              question.apply(
                  new FreeQueries(
                      database,
                      replica.map(there -> new Replica(there, database)),
                      archive,
                      configuration.analysis()),
                  unwanted));
    } finally {
      replica.ifPresent(
          there -> {
            var _ = there.close().toCompletableFuture().join();
          });
    }
  }

  private static String line(Report report) {
    return String.format(
        Locale.ROOT,
        "%-16s %s%s",
        report.word(),
        report.meaning(),
        report.words().isEmpty() ? "" : " (--by " + String.join(", ", report.words()) + ")");
  }

  private ReportQuestion question() {
    Report named =
        Report.of(report)
            .orElseThrow(
                () ->
                    new ParameterException(
                        spec.commandLine(),
                        "there is no report "
                            + ForeignText.shown(report)
                            + " (expected: "
                            + Arrays.stream(Report.values())
                                .map(Report::word)
                                .collect(Collectors.joining(", "))
                            + ")"));
    try {
      return new ReportQuestion(named, instant("--from", from), instant("--to", to), by, limit);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
    }
  }

  private Instant instant(String option, String text) {
    if (text == null) {
      return null;
    }
    try {
      return Instant.ofEpochMilli(EventTime.parseMs(text));
    } catch (DateTimeException e) {
      throw new ParameterException(
          spec.commandLine(),
          option
              + ": "
              + ForeignText.shown(text)
              + " (expected: an instant, such as 2024-07-12T00:00:00Z)",
          e);
    }
  }

  /** Ctrl-C ends it on the server before the process ends. */
  private static <T> T asked(
      Configuration configuration,
      BiFunction<Database, CompletionStage<?>, CompletionStage<T>> question) {
    Database database = Database.open(configuration.analytics());
    var unwanted = new CompletableFuture<Void>();
    var ended = new CountDownLatch(1);
    var onExit =
        new Thread(
            () -> {
              unwanted.complete(null);
              try {
                var _ = ended.await(CANCEL_MAX.toMillis(), TimeUnit.MILLISECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "cancel-query");
    Runtime.getRuntime().addShutdownHook(onExit);
    try {
      return question.apply(database, unwanted).toCompletableFuture().join();
    } catch (CompletionException e) {
      Throwable cause = Retry.cause(e);
      throw cause instanceof OperatorException operator
          ? operator
          : new OperatorException(PgFailure.describe(cause), cause);
    } finally {
      ended.countDown();
      if (!unwanted.isDone()) {
        var _ = Runtime.getRuntime().removeShutdownHook(onExit);
      }
      var _ = database.close().toCompletableFuture().join();
    }
  }

  private void print(PrintWriter out, AnalysisAnswer answer) {
    if (format.json) {
      out.println(ForeignText.inJson(Json.write(answer)));
    } else if (format.csv) {
      out.println(AnswerText.csv(answer));
    } else {
      out.println(AnswerText.table(answer));
    }
  }

  private void printRoute(PrintWriter out, Routed routed) {
    if (format.json) {
      out.println(ForeignText.inJson(Json.write(new Explained(routed))));
      return;
    }
    Explained explained = new Explained(routed);
    out.println(explained.route() + ": " + ForeignText.shown(explained.reason()));
    if (explained.instead() != null) {
      out.println("what would answer: " + ForeignText.shown(explained.instead()));
    }
  }

  /** A route, as JSON has it. */
  private record Explained(
      String route,
      String reason,
      String instead,
      double cost,
      long rows,
      Iterable<String> relations,
      long ageMs) {
    Explained(Routed routed) {
      this(
          switch (routed.route()) {
            case Route.ByRollup _ -> "rollup";
            case Route.ByPrimary _ -> "primary";
            case Route.ByReplica _ -> "replica";
            case Route.ByArchive _ -> "archive";
            case Route.Refused _ -> "refused";
          },
          routed.route().reason(),
          routed.route() instanceof Route.Refused refused ? refused.instead() : null,
          routed.plan().cost(),
          routed.plan().rows(),
          routed.plan().relations(),
          routed.age().toMillis());
    }
  }
}
