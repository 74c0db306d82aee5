package io.spendwatch.ops.cli;

import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.alerts.AlertText;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Follows the alert topic on the terminal. */
@Command(
    name = "alerts",
    mixinStandardHelpOptions = true,
    description = {
      "Prints each alert as it comes, as a subscriber sees it, until Ctrl-C, or until nobody reads it any"
          + " more. What stands after the type is the beginning of the alert's id, as `explain` takes it.",
      "Times are event times, UTC."
    })
public final class AlertsCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(500);

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print the records' values, one a line.")
  private boolean json;

  @Option(names = "--from-beginning", description = "Begin with the oldest alert that is kept.")
  private boolean fromBeginning;

  @Option(names = "--max", paramLabel = "N", description = "End after so many alerts.")
  private Long max;

  @Override
  public Integer call() {
    if (max != null && max < 1) {
      throw new ParameterException(spec.commandLine(), "--max: " + max + " (expected: at least 1)");
    }
    Configuration configuration = Configuration.load();
    PrintWriter out = spec.commandLine().getOut();
    long left = max == null ? Long.MAX_VALUE : max;
    try (AlertTail tail =
        AlertTail.open(
            configuration.streams().kafka().clientProperties(),
            configuration.streams().kafka().topics().alerts(),
            fromBeginning)) {
      while (true) {
        for (AlertTail.Received received : tail.poll(POLL)) {
          out.println(
              json ? ForeignText.inJson(received.json()) : AlertText.line(received.alert()));
          if (--left == 0) {
            out.flush();
            return 0;
          }
        }
        if (StandardOutput.isClosed(out)) {
          return 0;
        }
      }
    }
  }
}
