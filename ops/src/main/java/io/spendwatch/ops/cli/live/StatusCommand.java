package io.spendwatch.ops.cli.live;

import io.spendwatch.commandline.Usage;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.HttpConfig;
import io.spendwatch.ops.cli.StandardOutput;
import io.spendwatch.ops.cluster.RegisteredNode;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.NodeClient;
import io.spendwatch.ops.status.NodeClient.Answer;
import io.spendwatch.ops.status.NodeLogin;
import io.spendwatch.ops.status.StatusText;
import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Asks a node how the cluster is. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = {
      "Asks a node, and it all others. The first line says that all is well, or what is not; then"
          + " come nodes, partitions with their owners, lag in records and time, users awake, and"
          + " what is waited for.",
      "Where nobody listens at the configured address, the nodes that the database knows are asked."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:every node is ready, and every partition has an owner",
      "1:no node answers",
      "2:wrong usage",
      "3:otherwise"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch status --watch=5s")
public final class StatusCommand implements Callable<Integer> {
  private static final int NOT_READY = 3;
  private static final String PATH = "/api/v1/status";

  /** To the upper left corner; and what is below the cursor goes. */
  private static final String HOME = "\u001b[H";

  private static final String CLEAR = "\u001b[2J";
  private static final String CLEAR_LINE = "\u001b[K";
  private static final String CLEAR_BELOW = "\u001b[J";

  @Spec private CommandSpec spec;

  @Mixin private AskedNode node;

  @Option(
      names = "--watch",
      paramLabel = "DURATION",
      arity = "0..1",
      fallbackValue = "2s",
      description =
          "Again and again until Ctrl-C, every ${FALLBACK-VALUE} unless it says otherwise; where"
              + " the output is no terminal, one block after the other.")
  private Duration watch;

  @Option(names = "--json", description = "Print the document that the node answers with.")
  private boolean json;

  @Override
  public Integer call() {
    if (watch == null) {
      return show(spec.commandLine().getOut());
    }
    Usage.requirePositive(spec, "--watch", watch);
    return watch();
  }

  private int show(PrintWriter out) {
    String document = ask();
    ClusterStatus status = node.read(document, ClusterStatus.class);
    out.println(json ? ForeignText.inJson(document) : StatusText.of(status));
    return status.isReady() ? 0 : NOT_READY;
  }

  /** Until nobody looks any more. */
  private int watch() {
    PrintWriter out = spec.commandLine().getOut();
    boolean redraws = !json && Terminal.ofStandardOutput().isTerminal();
    if (redraws) {
      out.print(CLEAR);
    }
    int last = 0;
    while (true) {
      String block;
      try {
        String document = ask();
        ClusterStatus status = node.read(document, ClusterStatus.class);
        last = status.isReady() ? 0 : NOT_READY;
        block = json ? ForeignText.inJson(document) : StatusText.of(status);
      } catch (OperatorException e) {
        last = 1;
        block = json ? "" : "Not well: " + ForeignText.shown(e.getMessage());
      }
      print(out, block, redraws);
      if (StandardOutput.isClosed(out)) {
        return last;
      }
      try {
        TimeUnit.NANOSECONDS.sleep(watch.toNanos());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return last;
      }
    }
  }

  private void print(PrintWriter out, String block, boolean redraws) {
    if (redraws) {
      out.print(HOME);
      block.lines().forEach(line -> out.println(line + CLEAR_LINE));
      out.print(CLEAR_BELOW);
    } else if (json) {
      block.lines().forEach(out::println);
    } else {
      out.println(Instant.now().truncatedTo(ChronoUnit.SECONDS));
      out.println(block);
      out.println();
    }
    out.flush();
  }

  private String ask() {
    return node.getFromAny(PATH, StatusCommand::askRegistered).document(node.node());
  }

  /** The first of those in the database that answers. */
  private static Optional<Answer> askRegistered(Duration timeout) {
    HttpConfig http = Configuration.readHttp();
    NodeLogin login = http.login();
    for (RegisteredNode registered : registered()) {
      try {
        Optional<Answer> answer =
            registered.http().isEmpty()
                ? Optional.empty()
                : NodeClient.get(http.address(registered.http()), login, PATH, timeout)
                    .filter(Answer::isOk);
        if (answer.isPresent()) {
          return answer;
        }
      } catch (OperatorException | IllegalArgumentException e) {
        // There may be another one that does.
      }
    }
    return Optional.empty();
  }

  private static List<RegisteredNode> registered() {
    try {
      Configuration configuration = Configuration.load();
      try (Connection connection = configuration.database().connect("spendwatch-status")) {
        return RegisteredNode.all(connection, configuration.cluster().registration().expiry());
      }
    } catch (SQLException | OperatorException e) {
      return List.of();
    }
  }
}
