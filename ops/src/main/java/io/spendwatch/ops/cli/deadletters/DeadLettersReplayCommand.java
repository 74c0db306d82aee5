package io.spendwatch.ops.cli.deadletters;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.deadletters.DeadLetter;
import io.spendwatch.ops.deadletters.DeadLetterText;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.ops.deadletters.LetterPlace;
import io.spendwatch.ops.deadletters.Replay;
import io.spendwatch.ops.deadletters.Replay.Outcome;
import io.spendwatch.ops.deadletters.Replays;
import io.spendwatch.ops.records.Page;
import io.spendwatch.ops.storage.trail.OperatorTrail;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Puts dead letters back. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "Puts dead letters back to their source topics, with key and value as they came and a header"
          + " that says so; each once. Without --yes it only says what it would do.",
      "Exit status: 0 when all of them are put back, or would be (of those that options select,"
          + " others may have been before); 1 when one is refused; 2 when Kafka does not answer."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  spendwatch dead-letters replay transactions.dlq/3/17 --yes",
      "  spendwatch dead-letters replay --reason INTERNAL_ERROR --since 2h --yes"
    })
public final class DeadLettersReplayCommand implements Callable<Integer> {
  private static final int REFUSED = 1;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "TOPIC/PARTITION/OFFSET",
      arity = "0..*",
      description = "Which, as the list shows them; or select them by the options.")
  private List<String> places;

  @Mixin private LetterOptions options;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Of those that options select, the newest so many (${DEFAULT-VALUE}).")
  private int limit;

  @Option(names = "--yes", description = "Do it.")
  private boolean yes;

  @Option(names = "--json", description = "Print what came of each as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    boolean isNamed = places != null && !places.isEmpty();
    if (isNamed != options.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "which? (expected: places, or one of --topic, --reason, --since)");
    }
    if (limit < 1) {
      throw new ParameterException(
          spec.commandLine(), "--limit: " + limit + " (expected: at least 1)");
    }
    List<LetterPlace> letters =
        isNamed
            ? places.stream().map(place -> DeadLettersShowCommand.place(spec, place)).toList()
            : null;
    Configuration configuration = Configuration.load();
    KafkaConfig kafka = configuration.streams().kafka();
    boolean isAll = true;
    if (letters == null) {
      Page<DeadLetter> selected =
          DeadLettersListCommand.newest(
              new DeadLetterTopics(kafka), options.query(spec), spec, limit);
      letters = selected.items().stream().map(DeadLetter::place).toList();
      isAll = selected.next() == null;
    }
    var replays = new Replays(kafka);
    List<Replay> done = yes ? replays.replay(letters) : replays.rehearse(letters);
    if (yes) {
      note(configuration, done);
    }
    var out = spec.commandLine().getOut();
    out.println(json ? ForeignText.inJson(Json.write(done)) : DeadLetterText.replays(done, !yes));
    if (!isAll && !json) {
      out.println("there are older ones: run it again with a greater --limit");
    }
    return done.stream().allMatch(replay -> isWell(replay, isNamed)) ? 0 : REFUSED;
  }

  private static void note(Configuration configuration, List<Replay> done) {
    Database database = Database.open(configuration.streams().postgres());
    try {
      new OperatorTrail(database)
          .noteCommand("dead-letters replay --yes", done.size() + " letters asked for");
    } finally {
      var _ = database.close().toCompletableFuture().join();
    }
  }

  private static boolean isWell(Replay replay, boolean isNamed) {
    return replay.isDone() || (!isNamed && replay.outcome() == Outcome.ALREADY_REPLAYED);
  }
}
