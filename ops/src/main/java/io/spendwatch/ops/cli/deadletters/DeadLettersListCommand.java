package io.spendwatch.ops.cli.deadletters;

import io.spendwatch.commandline.Usage;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.deadletters.DeadLetter;
import io.spendwatch.ops.deadletters.DeadLetterText;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.ops.deadletters.LetterQuery;
import io.spendwatch.ops.records.Page;
import io.spendwatch.protocol.ForeignText;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Lists dead letters. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "Lists dead letters, the newest first.",
      "Exit status: 0 when done, 2 when Kafka does not answer."
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch dead-letters list --since 1h --json")
public final class DeadLettersListCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private LetterOptions options;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "100",
      description = "So many at most (${DEFAULT-VALUE}).")
  private int limit;

  @Option(names = "--json", description = "Print a page as the node's HTTP interface has it.")
  private boolean json;

  @Override
  public Integer call() {
    Usage.requireAtLeastOne(spec, "--limit", limit);
    LetterQuery query = options.query(spec);
    var topics = new DeadLetterTopics(Configuration.load().streams().kafka());
    Page<DeadLetter> page = newest(topics, query, spec, limit);
    spec.commandLine()
        .getOut()
        .println(
            json
                ? ForeignText.inJson(Json.write(page))
                : DeadLetterText.list(page.items(), page.next() != null));
    return 0;
  }

  /** The newest of them, over as many pages as that takes. */
  static Page<DeadLetter> newest(
      DeadLetterTopics topics, LetterQuery query, CommandSpec spec, int limit) {
    try {
      topics.check(query, null);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
    }
    List<DeadLetter> letters = new ArrayList<>();
    String next = null;
    do {
      Page<DeadLetter> page = topics.list(query, limit - letters.size(), next);
      letters.addAll(page.items());
      next = page.next();
    } while (next != null && letters.size() < limit);
    return new Page<>(letters, next);
  }
}
