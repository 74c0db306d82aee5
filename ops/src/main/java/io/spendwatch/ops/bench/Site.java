package io.spendwatch.ops.bench;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.schema.PostgresAddress;
import io.spendwatch.ops.servers.EmbeddedServers;
import io.spendwatch.ops.setup.Preparation;
import io.spendwatch.ops.setup.Waiting;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;

/**
 * A Kafka and a PostgreSQL to measure on. Each run on it has a database, topics and a group of its
 * own, and removes them: what else is on these servers is not touched. For one thread.
 */
final class Site implements AutoCloseable {
  private static final Duration ANSWER = Duration.ofSeconds(60);
  private static final Pattern DATABASE =
      Pattern.compile("(?<server>postgres(?:ql)?://[^/?]*)(?:/[^?]*)?(?<parameters>\\?.*)?");

  private final String uri;
  private final Map<String, Object> client;
  private final Map<String, String> environment;
  private final Map<String, Supplier<Stream<ProcessHandle>>> processes;
  private final Preparation preparation;
  private final Admin admin;

  private Site(
      String uri,
      Map<String, Object> client,
      Map<String, String> environment,
      Map<String, Supplier<Stream<ProcessHandle>>> processes,
      PrintWriter progress) {
    this.uri = uri;
    this.client = client;
    this.environment = environment;
    this.processes = processes;
    this.preparation = new Preparation(new Waiting(progress, ANSWER));
    this.admin = Admin.create(client);
  }

  /** On servers that are ours alone. */
  static Site of(EmbeddedServers servers, PrintWriter progress) {
    return new Site(
        servers.postgres().uri(),
        Map.of("bootstrap.servers", servers.bootstrapServers()),
        servers.environment(),
        Map.of("Kafka", servers.kafka()::processes, "PostgreSQL", servers.postgres()::processes),
        progress);
  }

  /** Properties for any Kafka client. */
  Map<String, Object> client() {
    return client;
  }

  Admin admin() {
    return admin;
  }

  /** Of the servers' processes, where they are ours, and of these. */
  CpuClock cpuClock(String name, Supplier<Stream<ProcessHandle>> running) {
    Map<String, Supplier<Stream<ProcessHandle>>> all = new LinkedHashMap<>();
    all.put(name, running);
    all.putAll(new TreeMap<>(processes));
    return new CpuClock(all);
  }

  /** A new database with the schema; answers its uri, as psql takes it. */
  String createDatabase(String name, Instant now) {
    execute(uri, "CREATE DATABASE " + quoted(name));
    int _ = preparation.schema(address(uri(name)), now);
    return uri(name);
  }

  /** A new database that is a copy of another one, which nobody is connected to. */
  String copyDatabase(String name, String original) {
    execute(uri, "CREATE DATABASE %s TEMPLATE %s".formatted(quoted(name), quoted(original)));
    return uri(name);
  }

  /** It has the server write down what is only in memory yet, before somebody measures. */
  void dropDatabase(String name) {
    execute(uri, "DROP DATABASE IF EXISTS %s WITH (FORCE)".formatted(quoted(name)));
  }

  void createTopics(Namespace namespace) {
    var _ =
        preparation.topics(client, namespace.topics(), OptionalInt.empty(), OptionalInt.empty());
  }

  void deleteTopics(List<String> names) {
    try {
      admin.deleteTopics(names).all().get();
    } catch (ExecutionException e) {
      throw new OperatorException("Kafka: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  /** The settings by which a command works there, as environment variables. */
  Map<String, String> environment(Namespace namespace) {
    Map<String, String> all = new TreeMap<>(environment);
    all.putAll(namespace.environment());
    return all;
  }

  static void execute(String uri, String... statements) {
    try (Connection connection = address(uri).connect("spendwatch-bench");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        boolean _ = statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new OperatorException(address(uri) + ": " + e.getMessage(), e);
    }
  }

  /** The one number that a query answers. */
  static long number(String uri, String query) {
    try (Connection connection = address(uri).connect("spendwatch-bench");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    } catch (SQLException e) {
      throw new OperatorException(address(uri) + ": " + e.getMessage(), e);
    }
  }

  private static PostgresAddress address(String uri) {
    return PostgresAddress.parse(uri, "", "");
  }

  private String uri(String database) {
    return DATABASE.matcher(uri).replaceFirst("${server}/" + database + "${parameters}");
  }

  private static String quoted(String name) {
    return '"' + name + '"';
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }
}
