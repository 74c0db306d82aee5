package io.spendwatch.ops.cli.live;

import io.spendwatch.commandline.Usage;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.HttpConfig;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.api.answers.Problem;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.status.NodeClient;
import io.spendwatch.ops.status.NodeClient.Answer;
import io.spendwatch.ops.status.NodeLogin;
import io.spendwatch.protocol.ForeignText;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of commands that ask a node over HTTP, and how they ask. */
final class AskedNode {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

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

  private HttpConfig settings;

  /** What the node says is wrong, for a terminal. */
  static String problem(Answer answer) {
    try {
      Problem problem = Json.read(answer.body(), Problem.class);
      if (problem.detail() != null) {
        return ForeignText.shown(problem.detail());
      }
    } catch (IllegalArgumentException e) {
      return "HTTP status " + answer.status();
    }
    return "HTTP status " + answer.status();
  }

  /** One segment of a path, or one value of a query. */
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /**
   * Asks for a document.
   *
   * @throws OperatorException if no node answers
   */
  Answer get(String path) {
    return ask(() -> NodeClient.get(node(), login(), path, timeout())).orElseThrow(this::nobody);
  }

  /**
   * Asks for what any node knows: where nobody listens and none was named, another one.
   *
   * @param others asks the others, each for so long
   * @throws OperatorException if none of them answers
   */
  Answer getFromAny(String path, Others others) {
    Optional<Answer> answer = ask(() -> NodeClient.get(node(), login(), path, timeout()));
    if (answer.isPresent() || url != null) {
      return answer.orElseThrow(this::nobody);
    }
    return others
        .ask(timeout)
        .orElseThrow(
            () ->
                new OperatorException(
                    nobody().getMessage() + ", and the database knows no other that answers"));
  }

  /** Nodes that nobody has named. */
  @FunctionalInterface
  interface Others {
    Optional<Answer> ask(Duration timeout);
  }

  /**
   * Posts a JSON document.
   *
   * @throws OperatorException if no node answers
   */
  Answer post(String path, String json, Map<String, String> headers) {
    return ask(() -> NodeClient.post(node(), login(), path, json, headers, timeout()))
        .orElseThrow(this::nobody);
  }

  /**
   * Reads what was answered.
   *
   * @throws OperatorException if it is something else
   */
  <T> T read(String document, Class<T> type) {
    try {
      return Json.read(document, type);
    } catch (IllegalArgumentException e) {
      throw new OperatorException("what answers at " + node() + " is no Spendwatch node", e);
    }
  }

  /** The one that was named, or is configured. */
  URI node() {
    return url == null ? settings().address() : url;
  }

  /** What is shown to it. */
  private NodeLogin login() {
    return settings().login();
  }

  private HttpConfig settings() {
    if (settings == null) {
      settings = Configuration.readHttp();
    }
    return settings;
  }

  private Duration timeout() {
    Usage.requirePositive(spec, "--timeout", timeout);
    return timeout;
  }

  private OperatorException nobody() {
    return new OperatorException("no node answers at " + node() + ": nobody listens there");
  }

  private Optional<Answer> ask(Supplier<Optional<Answer>> asking) {
    try {
      return asking.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--url: " + e.getMessage(), e);
    }
  }
}
