package io.spendwatch.ops.cli.deadletters;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What was put aside, and back with it. */
@Command(
    name = "dead-letters",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "list|show|replay",
    description = {
      "Records that could not be taken: what was put aside and why, and back to its source topic."
          + " Works against Kafka alone, without a node.",
      "A letter's place is TOPIC/PARTITION/OFFSET, as the list shows it.",
      "Exit status: of the command under it."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  spendwatch dead-letters list --reason WRONG_PARTITION --since 1h",
      "  spendwatch dead-letters replay --reason WRONG_PARTITION --since 1h --yes"
    },
    subcommands = {
      DeadLettersListCommand.class,
      DeadLettersShowCommand.class,
      DeadLettersReplayCommand.class
    })
public final class DeadLettersCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which? (expected: list, show or replay)");
  }
}
