package io.spendwatch.ops.cli.deadletters;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.deadletters.DeadLetterContent;
import io.spendwatch.ops.deadletters.DeadLetterText;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.ops.deadletters.LetterPlace;
import io.spendwatch.protocol.ForeignText;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows a dead letter, whole. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "Shows a dead letter with its payload, its headers, why it was put aside, and whether it has"
          + " been replayed.",
      "Exit status: 0 shown, 1 there is none, 2 Kafka does not answer."
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch dead-letters show transactions.dlq/3/17")
public final class DeadLettersShowCommand implements Callable<Integer> {
  private static final int NOT_THERE = 1;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "TOPIC/PARTITION/OFFSET", description = "Which, as the list shows it.")
  private String place;

  @Option(names = "--json", description = "The same as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    LetterPlace letter = place(spec, place);
    Optional<DeadLetterContent> found =
        new DeadLetterTopics(Configuration.load().streams().kafka()).find(letter);
    if (found.isEmpty()) {
      spec.commandLine()
          .getErr()
          .println(
              ForeignText.shown(
                  spec.qualifiedName()
                      + ": there is no dead letter "
                      + letter
                      + ", or not any more"));
      return NOT_THERE;
    }
    spec.commandLine()
        .getOut()
        .println(
            json ? ForeignText.inJson(Json.write(found.get())) : DeadLetterText.whole(found.get()));
    return 0;
  }

  static LetterPlace place(CommandSpec spec, String place) {
    try {
      return LetterPlace.parse(place);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
