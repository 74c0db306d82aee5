package io.spendwatch.ops.lab.sandbox.kafka;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.lab.sandbox.start.StartLimit;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * A real Kafka (KRaft, one broker that is its own controller) as a child JVM from our own class
 * path, with its data under a directory.
 *
 * <p>Listens on the loopback interface only. Its data outlives it; a start on the same directory
 * finds it again, also after {@code kill -9}.
 */
public final class KafkaServer implements AutoCloseable {
  /**
   * Where this is true, a broker is known to be gone in minutes: it does without the JVM's second
   * compiler, which would take a third of its processor time until then.
   */
  private static final String BRIEF = "spendwatch.sandbox.brief";

  /** Until a broker has ended that writes down what it has loaded. */
  private static final Duration LEAVE = Duration.ofMinutes(5);

  private final GuardedProcess process;
  private final int port;

  private KafkaServer(GuardedProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * What a start may ask for beyond the usual.
   *
   * @param proxied further listeners, for clients behind proxies
   * @param settings of the broker, by their names; they override ours
   * @param client what a client needs besides the address
   */
  public record Options(
      List<ProxiedListener> proxied, Map<String, String> settings, Map<String, String> client) {
    /** Nothing. */
    public static final Options NONE = new Options(List.of(), Map.of());

    /** For clients that need nothing. */
    public Options(List<ProxiedListener> proxied, Map<String, String> settings) {
      this(proxied, settings, Map.of());
    }
  }

  /**
   * A listener whose clients are told to come by another port: a proxy's, which passes on to this.
   *
   * @param port that the broker listens on
   * @param advertisedPort that the proxy listens on
   */
  public record ProxiedListener(int port, int advertisedPort) {}

  /**
   * Starts the broker and waits until it answers. Blocks.
   *
   * @param directory created if absent; to be used by one server at a time
   * @param port 0 for any free one
   * @throws OperatorException if the port is taken or the broker does not start
   */
  public static KafkaServer start(Path directory, int port) {
    return start(directory, port, Options.NONE);
  }

  /** Like {@link #start(Path, int)}, with options. */
  public static KafkaServer start(Path directory, int port, Options options) {
    Path root = directory.toAbsolutePath();
    int chosen = Ports.freeOr(port, "Kafka");
    Path properties = root.resolve("server.properties");
    try {
      Files.createDirectories(root);
      BrokerClasses classes = BrokerClasses.ofThisBuild();
      return launch(root, properties, chosen, options, classes, classes.use());
    } catch (IOException e) {
      throw new OperatorException("Kafka cannot use " + root + ": " + e, e);
    }
  }

  /**
   * Runs a broker for its JVM to write down what it loads: brokers of this build start with that
   * from then on. Blocks; does nothing where the classes are not packaged.
   *
   * @param directory created, for a broker that is gone afterwards
   * @throws OperatorException if it does not start, or has not written it
   */
  public static void rehearse(Path directory) {
    BrokerClasses classes = BrokerClasses.ofThisBuild();
    if (classes.archive().isEmpty()) {
      return;
    }
    Path archive = classes.archive().get();
    try {
      Files.createDirectories(directory);
      boolean _ = Files.deleteIfExists(archive);
      try (KafkaServer broker =
          launch(
              directory.toAbsolutePath(),
              directory.resolve("server.properties"),
              Ports.free(),
              Options.NONE,
              classes,
              classes.write())) {
        broker.process.leave(LEAVE);
        if (!Files.isRegularFile(archive)) {
          throw new OperatorException(
              "the broker's JVM has not written " + archive + "; its log: " + broker.process.log());
        }
      }
    } catch (IOException e) {
      throw new OperatorException("Kafka cannot use " + directory + ": " + e, e);
    }
  }

  private static KafkaServer launch(
      Path root,
      Path properties,
      int chosen,
      Options options,
      BrokerClasses classes,
      List<String> ofClasses)
      throws IOException {
    OptionalInt formerPort = FormerEndpoint.portOf(properties);
    try (OutputStream out = Files.newOutputStream(properties)) {
      settings(root.resolve("data"), chosen, options).store(out, "written at each start");
    }
    GuardedProcess process =
        GuardedProcess.start(
            new GuardedProcess.Command(
                "Kafka",
                root,
                GuardedProcess.StopSignal.TERM,
                Map.of("CLASSPATH", classes.path()),
                List.of(),
                command(properties, ofClasses)));
    var server = new KafkaServer(process, chosen);
    try (FormerEndpoint _ = FormerEndpoint.hold(formerPort)) {
      server.awaitAnswer(options.client());
      return server;
    } catch (RuntimeException e) {
      process.close();
      throw e;
    }
  }

  /** The port that it listens on. */
  public int port() {
    return port;
  }

  /** For {@code bootstrap.servers}. */
  public String bootstrapServers() {
    return Ports.LOOPBACK + ":" + port;
  }

  /** The broker, and what it has started. */
  public Stream<ProcessHandle> processes() {
    return process.processes();
  }

  /** Completes with a line for people when the broker has ended, for whatever reason. */
  public CompletableFuture<String> ended() {
    return process.exit().thenApply(_ -> process.lastWords());
  }

  /** Kills the broker as {@code kill -9} does; a start on its directory finds its data again. */
  public void kill() {
    process.kill();
  }

  /** Stops the broker and waits until it has stopped. */
  @Override
  public void close() {
    process.close();
  }

  private static List<String> command(Path properties, List<String> ofClasses) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ofClasses);
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=" + (Boolean.getBoolean(BRIEF) ? "1" : "4"),
            "-Xms96m",
            "-Xmx384m",
            "-XX:-UsePerfData",
            "-XX:+ExitOnOutOfMemoryError",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-Dlogback.configurationFile=io/spendwatch/ops/lab/sandbox/kafka/kafka-logback.xml",
            KafkaBroker.class.getName(),
            properties.toString()));
    return command;
  }

  /** What differs from Kafka's defaults, which are made for a cluster. */
  private static Properties settings(Path data, int port, Options options) {
    var settings = new Properties();
    String controller = Ports.LOOPBACK + ":" + Ports.free();
    settings.putAll(
        Map.of(
            "process.roles", "broker,controller",
            "node.id", "1",
            "controller.quorum.voters", "1@" + controller,
            "listeners", "CONTROLLER://" + controller,
            "listener.security.protocol.map", "CONTROLLER:PLAINTEXT",
            "controller.listener.names", "CONTROLLER",
            "inter.broker.listener.name", FormerEndpoint.LISTENER,
            "log.dirs", data.toString(),
            "auto.create.topics.enable", "false"));
    addListener(settings, "PLAINTEXT", port, port);
    int own = Ports.free();
    addListener(settings, FormerEndpoint.LISTENER, own, own);
    for (ProxiedListener proxied : options.proxied()) {
      // A name each; ports differ.
      addListener(settings, "PROXIED_" + proxied.port(), proxied.port(), proxied.advertisedPort());
    }
    settings.putAll(
        Map.of(
            "offsets.topic.replication.factor", "1",
            "offsets.topic.num.partitions", "4",
            "transaction.state.log.replication.factor", "1",
            "transaction.state.log.min.isr", "1",
            "transaction.state.log.num.partitions", "4",
            "share.coordinator.state.topic.replication.factor", "1",
            "share.coordinator.state.topic.min.isr", "1",
            "group.initial.rebalance.delay.ms", "0",
            // After kill -9 the next start waits until the former session has run out.
            "broker.session.timeout.ms", "5000",
            "broker.heartbeat.interval.ms", "1000"));
    settings.putAll(
        Map.of(
            // 128 MB of heap by default, for one cleaner.
            "log.cleaner.dedupe.buffer.size", Integer.toString(8 * 1024 * 1024),
            // By default a transaction waits 20 ms where the one before has not quite ended.
            "add.partitions.to.txn.retry.backoff.ms", "1",
            "num.network.threads", "2",
            "num.io.threads", "4"));
    settings.putAll(options.settings());
    return settings;
  }

  private static void addListener(Properties settings, String name, int port, int advertisedPort) {
    String endpoint = name + "://" + Ports.LOOPBACK + ":";
    Map.of(
            "listeners", endpoint + port,
            "advertised.listeners", endpoint + advertisedPort,
            "listener.security.protocol.map", name + ":PLAINTEXT")
        .forEach((key, more) -> settings.merge(key, more, (ours, added) -> ours + "," + added));
  }

  private void awaitAnswer(Map<String, String> client) {
    StartLimit limit = StartLimit.begin();
    Map<String, Object> properties = new HashMap<>(client);
    properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, 2000);
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 2000);
    properties.put(AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 100);
    try (Admin admin = Admin.create(properties)) {
      while (!answers(admin)) {
        if (!process.isRunning()) {
          throw new OperatorException(process.lastWords());
        }
        if (limit.isOver()) {
          throw limit.exceeded("Kafka does not answer on " + bootstrapServers(), "it runs");
        }
      }
    }
  }

  private boolean answers(Admin admin) {
    var nodes = admin.describeCluster().nodes().toCompletionStage().toCompletableFuture();
    try {
      // Whichever comes first: an answer, or the end of the broker.
      CompletableFuture.anyOf(nodes, process.exit()).get(5, TimeUnit.SECONDS);
      return nodes.isDone() && !nodes.get().isEmpty();
    } catch (ExecutionException | TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted while waiting for Kafka", e);
    }
  }
}
