package io.spendwatch.ops.cli.live;

import io.spendwatch.commandline.Durations;
import io.spendwatch.commandline.Usage;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.alerts.AlertText;
import io.spendwatch.ops.cli.StandardOutput;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Follows the alert topic on the terminal. */
@Command(
    name = "alerts",
    mixinStandardHelpOptions = true,
    description = {
      "Prints each alert as it comes, as a subscriber sees it, until Ctrl-C, or until nobody reads it any"
          + " more. What stands after the type is the beginning of the alert's id, as `explain` takes it.",
      "Times are event times, UTC. Wider terminals (or COLUMNS) show more."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:--max alerts were printed, or nobody reads any more",
      "1:Kafka does not answer",
      "2:wrong usage"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch alerts --since 1h --type RAISED --user 42")
public final class AlertsCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(500);

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print the records' values, one a line.")
  private boolean json;

  @Option(names = "--from-beginning", description = "Begin with the oldest alert that is kept.")
  private boolean fromBeginning;

  @Option(
      names = "--since",
      paramLabel = "WHEN",
      description =
          "Begin with the alerts that were published since: an instant such as"
              + " 2024-07-12T15:57:33.120Z, or so long ago, such as 1h.")
  private String since;

  @Option(names = "--user", paramLabel = "ID", description = "Only those of this user.")
  private String userId;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Only those of this type: RAISED or CLEARED.")
  private AlertType type;

  @Option(names = "--max", paramLabel = "N", description = "End after so many alerts.")
  private Long max;

  @Override
  public Integer call() {
    if (max != null) {
      Usage.requireAtLeastOne(spec, "--max", max);
    }
    if (since != null && fromBeginning) {
      throw new ParameterException(
          spec.commandLine(), "--since and --from-beginning (expected: one of them)");
    }
    Instant begin = since == null ? null : instant();
    Configuration configuration = Configuration.load();
    PrintWriter out = spec.commandLine().getOut();
    Terminal terminal = Terminal.ofStandardOutput();
    long left = max == null ? Long.MAX_VALUE : max;
    try (AlertTail tail = open(configuration, begin)) {
      while (true) {
        for (AlertTail.Received received : tail.poll(POLL)) {
          if (!isWanted(received.alert())) {
            continue;
          }
          out.println(
              json
                  ? ForeignText.inJson(received.json())
                  : AlertText.line(received.alert(), terminal));
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

  private AlertTail open(Configuration configuration, Instant begin) {
    Map<String, Object> client = configuration.streams().kafka().clientProperties();
    String topic = configuration.streams().kafka().topics().alerts();
    return begin == null
        ? AlertTail.open(client, topic, fromBeginning)
        : AlertTail.openSince(client, topic, begin);
  }

  private boolean isWanted(Alert alert) {
    return (userId == null || userId.equals(alert.userId()))
        && (type == null || type == alert.type());
  }

  private Instant instant() {
    try {
      if (since.contains("T")) {
        return Instant.ofEpochMilli(EventTime.parseMs(since));
      }
      return InstantSource.system().instant().minus(Durations.parse(since));
    } catch (DateTimeException | TypeConversionException e) {
      throw new ParameterException(
          spec.commandLine(),
          "--since: " + since + " (expected: such as 2024-07-12T15:57:33.120Z or 1h)",
          e);
    }
  }
}
