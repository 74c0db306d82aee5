package io.spendwatch.ops.cli;

import io.spendwatch.ops.api.HttpConfig;
import io.spendwatch.ops.api.Json;
import io.spendwatch.ops.cluster.RegisteredNode;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.StatusClient;
import io.spendwatch.ops.status.StatusText;
import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.net.URI;
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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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

  @Option(
      names = "--url",
      paramLabel = "URL",
      description =
          "Of any node (default: from SPENDWATCH_HTTP_HOST and SPENDWATCH_HTTP_PORT,"
              + " http://127.0.0.1:8080).")
  private URI url;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "15s",
      description = "For a node's answer (default ${DEFAULT-VALUE}).")
  private Duration timeout;

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
    URI node = url == null ? configured() : url;
    if (node.getScheme() == null || node.getHost() == null) {
      throw new ParameterException(
          spec.commandLine(), "--url: " + node + " (expected: http://host:port)");
    }
    requirePositive("--timeout", timeout);
    if (watch == null) {
      return show(node, spec.commandLine().getOut());
    }
    requirePositive("--watch", watch);
    return watch(node);
  }

  private void requirePositive(String option, Duration duration) {
    if (!duration.isPositive()) {
      throw new ParameterException(
          spec.commandLine(), option + ": " + duration + " (expected: more than nothing)");
    }
  }

  private static URI configured() {
    HttpConfig http = Configuration.readHttp();
    return URI.create("http://" + http.host() + ":" + http.port());
  }

  private int show(URI node, PrintWriter out) {
    String document = ask(node);
    ClusterStatus status = read(node, document);
    out.println(json ? ForeignText.inJson(document) : StatusText.of(status));
    return status.isReady() ? 0 : NOT_READY;
  }

  private static ClusterStatus read(URI node, String document) {
    try {
      return Json.read(document, ClusterStatus.class);
    } catch (IllegalArgumentException e) {
      throw new OperatorException("what answers at " + node + " is no Spendwatch node", e);
    }
  }

  /** Until nobody looks any more. */
  private int watch(URI node) {
    PrintWriter out = spec.commandLine().getOut();
    boolean redraws = !json && Terminal.ofStandardOutput().isTerminal();
    if (redraws) {
      out.print(CLEAR);
    }
    int last = 0;
    while (true) {
      String block;
      try {
        String document = ask(node);
        ClusterStatus status = read(node, document);
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

  private String ask(URI node) {
    Optional<StatusClient.Answer> answer;
    try {
      answer = StatusClient.ask(node, PATH, timeout);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--url: " + e.getMessage(), e);
    }
    return answer
        .map(StatusClient.Answer::document)
        .or(() -> url == null ? askRegistered() : Optional.empty())
        .orElseThrow(
            () ->
                new OperatorException(
                    "no node answers at "
                        + node
                        + ": nobody listens there"
                        + (url == null ? ", and the database knows no other that answers" : "")));
  }

  /** The first of those in the database that answers. */
  private Optional<String> askRegistered() {
    for (RegisteredNode registered : registered()) {
      try {
        Optional<StatusClient.Answer> answer =
            registered.http().isEmpty()
                ? Optional.empty()
                : StatusClient.ask(URI.create("http://" + registered.http()), PATH, timeout);
        if (answer.isPresent()) {
          return answer.map(StatusClient.Answer::document);
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
