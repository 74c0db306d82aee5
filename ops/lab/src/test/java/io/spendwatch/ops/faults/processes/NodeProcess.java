package io.spendwatch.ops.faults.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.testing.Launched;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A node as a user runs it, {@code ./spendwatch node} with its settings in the environment, that
 * can be killed, frozen and started again under the same name. For one thread.
 */
public final class NodeProcess implements AutoCloseable {
  /** For a node that has to start before it does something, where processors are few and busy. */
  public static final Duration START_LIMIT = Duration.ofMinutes(3);

  private static final Duration ASK = Duration.ofSeconds(2);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One for all: it is asked many times a second, while nodes start beside it. */
  private static final HttpClient CLIENT = HttpClient.newBuilder().connectTimeout(ASK).build();

  private final String name;
  private final Path directory;
  private final Map<String, String> environment;
  private final int httpPort = Ports.free();
  private GuardedProcess process;
  private boolean toldToEnd;

  /**
   * Not started.
   *
   * @param directory of its log
   * @param environment its settings, without the HTTP port
   */
  public NodeProcess(String name, Path directory, Map<String, String> environment) {
    this.name = name;
    this.directory = directory;
    this.environment = new HashMap<>(environment);
    this.environment.put("SPENDWATCH_HTTP_PORT", Integer.toString(httpPort));
    this.environment.put("SPENDWATCH_NODE_ID", name);
    this.environment.put("SPENDWATCH_PG_APPLICATION_NAME", name);
    this.environment.put("SPENDWATCH_NO_BUILD", "1");
  }

  public String name() {
    return name;
  }

  /** What it has written, all lives together. */
  public Path log() {
    return directory.resolve("log");
  }

  public int httpPort() {
    return httpPort;
  }

  /** A new life, after the former has ended; does not wait until it answers. */
  public void start() {
    start(List.of(Launched.launcher().toString(), "node"));
  }

  /** The same, of whatever this command starts. */
  public void start(List<String> command) {
    toldToEnd = false;
    process =
        GuardedProcess.start(
            new GuardedProcess.Command(
                "node " + name,
                directory,
                GuardedProcess.StopSignal.TERM,
                environment,
                List.of(),
                command));
    await("the process of " + name).atMost(START_LIMIT).until(() -> root().isPresent());
  }

  public boolean isAlive() {
    return process.isRunning();
  }

  /** The exit status where its life is over and nobody had told it to end. */
  public OptionalInt endedByItself() {
    return toldToEnd || process.isRunning()
        ? OptionalInt.empty()
        : OptionalInt.of(process.exit().join());
  }

  /** As {@code kill -9}. */
  public void kill() {
    toldToEnd = true;
    tree().kill();
    process.close();
  }

  /** As {@code kill}: it drains and ends, with status 0. */
  public void terminate() {
    toldToEnd = true;
    process.close();
    assertThat(process.exit().join()).as("exit status of %s after SIGTERM", name).isZero();
  }

  /** Stops it where it is. */
  public void freeze() {
    var _ = tree().stop();
  }

  /** Lets it go on. */
  public void thaw() {
    tree().goOn();
  }

  /** What readiness answers: nothing where it is ready, else what it waits for. */
  public Optional<List<String>> waitingFor() {
    return get("/health/ready").map(answer -> texts(answer.path("waitingFor")));
  }

  public boolean isReady() {
    return get("/health/ready")
        .filter(answer -> answer.path("status").asText().equals("ready"))
        .isPresent();
  }

  /** What it says of itself, empty where it does not answer. */
  public Optional<JsonNode> status() {
    return get("/api/v1/status?scope=node");
  }

  /**
   * How it says that it is, all at one moment.
   *
   * @param waitingFor for people; empty where it is ready
   * @param partitions how many it has, of both topics
   * @param membersUp how many members of the cluster it knows, where all of them are up; else 0
   */
  public record View(boolean isReady, List<String> waitingFor, int partitions, int membersUp) {
    private static View of(JsonNode status) {
      JsonNode node = status.path("node");
      return new View(
          node.path("state").asText().equals("READY"),
          texts(node.path("waitingFor")),
          status.path("partitions").size(),
          membersUp(status.path("members")));
    }

    private static int membersUp(JsonNode members) {
      for (JsonNode member : members) {
        if (!member.path("status").asText().equals("Up")) {
          return 0;
        }
      }
      return members.size();
    }
  }

  /**
   * One answer for all that is asked of a node again and again, many times a second; empty where it
   * does not answer.
   */
  public Optional<View> view() {
    return status().map(View::of);
  }

  /** Whether it has the shards of exactly the partitions of this topic that it consumes. */
  public boolean hasItsShards(String topic) {
    return status()
        .filter(
            status ->
                numbers(status.path("partitions"), topic)
                    .equals(numbers(status.path("shards"), topic)))
        .isPresent();
  }

  private static List<String> texts(JsonNode all) {
    List<String> texts = new ArrayList<>();
    all.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  private static Set<Integer> numbers(JsonNode all, String topic) {
    Set<Integer> numbers = new HashSet<>();
    for (JsonNode each : all) {
      if (each.path("topic").asText().equals(topic)) {
        numbers.add(each.path("partition").asInt());
      }
    }
    return numbers;
  }

  /** Of the whole log. */
  public long logLines() {
    try (Stream<String> lines = Files.lines(log())) {
      return lines.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Processor time of this life. */
  public Duration cpu() {
    return root().flatMap(each -> each.info().totalCpuDuration()).orElse(Duration.ZERO);
  }

  public Optional<ProcessHandle> root() {
    return tree().root().filter(each -> each.info().command().orElse("").endsWith("/java"));
  }

  @Override
  public void close() {
    if (root().isPresent()) {
      // A frozen one would not stop.
      thaw();
    }
    if (process != null) {
      process.close();
    }
  }

  private GuardedTree tree() {
    return new GuardedTree(directory);
  }

  private Optional<JsonNode> get(String path) {
    try {
      HttpResponse<String> response =
          CLIENT.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + path))
                  .timeout(ASK)
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      return Optional.of(JSON.readTree(response.body()));
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
