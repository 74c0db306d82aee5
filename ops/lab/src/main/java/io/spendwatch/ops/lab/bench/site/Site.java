package io.spendwatch.ops.lab.bench.site;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.bench.rivals.StreamsJob;
import io.spendwatch.ops.lab.sandbox.EmbeddedServers;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.topics.Preparation;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.SqlText;
import java.io.PrintWriter;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * A Kafka and a PostgreSQL to measure on. Each run on it has a database, topics and a group of its
 * own, which are removed with it: what else is on these servers is not touched. For one thread.
 */
public final class Site implements AutoCloseable {
  private static final Duration ANSWER = Duration.ofSeconds(60);
  private static final Pattern URI =
      Pattern.compile("(?<server>postgres(?:ql)?://[^/?]*)(?:/[^?]*)?(?<parameters>\\?.*)?");
  private static final int ACCOUNTS_AT_ONCE = 10_000;
  private static final String READ_SERVER_SETTINGS =
      SqlText.load(Site.class, "read_server_settings");
  private static final String INSERT_ACCOUNTS = SqlText.load(Site.class, "insert_accounts");

  private final String prefix;
  private final String uri;
  private final String user;
  private final String password;
  private final Map<String, Object> client;
  private final Partitioner partitioner;
  private final Map<String, String> environment;
  private final Map<String, Supplier<Stream<ProcessHandle>>> processes;
  private final Supplier<Optional<PostgresServer>> replica;
  private final Runnable end;
  private final PrintWriter progress;
  private final Preparation preparation;
  private final Admin admin;
  private final List<Namespace> namespaces = new ArrayList<>();

  private Site(
      String prefix,
      String uri,
      String user,
      String password,
      Map<String, Object> client,
      Partitioner partitioner,
      Map<String, String> environment,
      Map<String, Supplier<Stream<ProcessHandle>>> processes,
      Supplier<Optional<PostgresServer>> replica,
      Runnable end,
      PrintWriter progress) {
    this.prefix = prefix;
    this.uri = uri;
    this.user = user;
    this.password = password;
    this.client = client;
    this.partitioner = partitioner;
    this.environment = environment;
    this.processes = processes;
    this.replica = replica;
    this.end = end;
    this.progress = progress;
    this.preparation = new Preparation(progress, ANSWER, Timekeeper.real(InstantSource.system()));
    this.admin = Admin.create(client);
  }

  /**
   * On servers that are ours alone, and end with the site.
   *
   * @param directory of theirs, given back then
   * @param partitioner as the nodes have it
   */
  public static Site of(
      EmbeddedServers servers,
      DataDirectory directory,
      Partitioner partitioner,
      PrintWriter progress) {
    return new Site(
        "bench-",
        servers.postgres().uri(),
        "",
        "",
        Map.of("bootstrap.servers", servers.bootstrapServers()),
        partitioner,
        servers.environment(),
        Map.of("Kafka", servers.kafka()::processes, "PostgreSQL", servers.postgres()::processes),
        () -> Optional.of(PostgresServer.startReplica(directory.replica(), servers.postgres(), 0)),
        () -> {
          servers.close();
          directory.close();
        },
        progress);
  }

  /**
   * On those that the settings name, as the user that they name, who may make databases.
   *
   * @param run what tells this run's names from all others
   */
  public static Site of(Configuration settings, String run, PrintWriter progress) {
    return new Site(
        "spendwatch-bench-" + run + "-",
        settings.streams().postgres().uri(),
        settings.streams().postgres().user(),
        settings.streams().postgres().password(),
        settings.streams().kafka().clientProperties(),
        settings.streams().kafka().partitioner(),
        Map.of(
            "SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS", settings.streams().kafka().bootstrapServers(),
            "SPENDWATCH_PG_USER", settings.streams().postgres().user(),
            "SPENDWATCH_PG_PASSWORD", settings.streams().postgres().password()),
        Map.of(),
        Optional::empty,
        () -> {},
        progress);
  }

  /** For what produces transactions: puts them where the nodes expect them. */
  public Map<String, Object> producer() {
    Map<String, Object> properties = new HashMap<>(client);
    properties.putAll(partitioner.producerProperties());
    return properties;
  }

  /** Properties for any Kafka client. */
  public Map<String, Object> client() {
    return client;
  }

  /** A replica, closed by whoever asks; empty where the servers are not ours. */
  public Optional<PostgresServer> startReplica() {
    return replica.get();
  }

  public Admin admin() {
    return admin;
  }

  /** Of these processes, and of the servers' where they are ours. */
  public CpuClock cpuClock(String name, Supplier<Stream<ProcessHandle>> running) {
    Map<String, Supplier<Stream<ProcessHandle>>> all = new LinkedHashMap<>();
    all.put(name, running);
    all.putAll(new TreeMap<>(processes));
    return new CpuClock(all);
  }

  /** Of PostgreSQL, with settings on which durability and rates rest. */
  public Map<String, String> versions() {
    Map<String, String> versions = new TreeMap<>();
    try (Connection connection = home().connect("spendwatch-bench");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(READ_SERVER_SETTINGS)) {
      while (rows.next()) {
        versions.put("postgres." + rows.getString(1), rows.getString(2));
      }
    } catch (SQLException e) {
      throw new OperatorException(home() + ": " + e.getMessage(), e);
    }
    return versions;
  }

  /** A new database with the schema, and new topics. */
  public Namespace create(String name, Instant now) {
    Namespace created = created(prefix + name, prefix + name + "-transactions");
    execute(home(), "CREATE DATABASE " + quoted(created));
    int _ = preparation.schema(created.address(), now);
    createTopics(created);
    return created;
  }

  /**
   * A copy of another one's database, and new topics but for the transactions, which are shared.
   */
  public Namespace share(String name, Namespace original) {
    return copy(created(prefix + name, original.topics().transactions()), original);
  }

  /** A copy of another one's database, and new topics. */
  public Namespace copy(String name, Namespace original) {
    return copy(created(prefix + name, prefix + name + "-transactions"), original);
  }

  private Namespace copy(Namespace created, Namespace original) {
    execute(
        home(),
        String.format(
            Locale.ROOT, "CREATE DATABASE %s TEMPLATE %s", quoted(created), quoted(original)));
    createTopics(created);
    return created;
  }

  private Namespace created(String name, String transactions) {
    String own = URI.matcher(uri).replaceFirst("${server}/" + name + "${parameters}");
    var namespace = new Namespace(name, own, address(own), Namespace.topics(name, transactions));
    namespaces.add(namespace);
    return namespace;
  }

  private void createTopics(Namespace of) {
    var _ =
        preparation.topics(
            of.address(), client, of.topics(), OptionalInt.empty(), OptionalInt.empty());
  }

  /**
   * Removes it, after whoever worked in it has ended. The server writes down what is only in memory
   * yet, so that what comes next has not to.
   */
  public void remove(Namespace namespace) {
    namespaces.remove(namespace);
    execute(
        home(),
        String.format(Locale.ROOT, "DROP DATABASE IF EXISTS %s WITH (FORCE)", quoted(namespace)));
    try {
      List<String> topics = new ArrayList<>(StreamsJob.ownTopics(namespace.name()));
      topics.retainAll(await(admin.listTopics().names()));
      topics.addAll(namespace.ownTopics());
      var _ = await(admin.deleteTopics(topics).all());
      var _ =
          await(
              admin
                  .deleteConsumerGroups(
                      List.of(namespace.name(), StreamsJob.rowsTopic(namespace.name())))
                  .all());
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof GroupIdNotFoundException)) {
        progress.printf(
            Locale.ROOT,
            "%s: not all of it was removed from Kafka: %s%n",
            namespace.name(),
            e.getCause().getMessage());
      }
    }
  }

  /** The settings by which a command works there, as environment variables. */
  public Map<String, String> environment(Namespace namespace) {
    Map<String, String> all = new TreeMap<>(environment);
    all.putAll(namespace.environment());
    return all;
  }

  /** Runs statements, one after the other. */
  public static void execute(PostgresAddress address, String... statements) {
    try (Connection connection = address.connect("spendwatch-bench");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        boolean _ = statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new OperatorException(address + ": " + e.getMessage(), e);
    }
  }

  /** The one number that a query answers. */
  public static long number(PostgresAddress address, String query) {
    try (Connection connection = address.connect("spendwatch-bench");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    } catch (SQLException e) {
      throw new OperatorException(address + ": " + e.getMessage(), e);
    }
  }

  /** Writes accounts of users who have none. */
  public static void insertAccounts(PostgresAddress address, Stream<Balance> balances) {
    try (Connection connection = address.connect("spendwatch-bench");
        PreparedStatement insert = connection.prepareStatement(INSERT_ACCOUNTS)) {
      for (Iterator<Balance> left = balances.iterator(); left.hasNext(); ) {
        List<Balance> some = new ArrayList<>(ACCOUNTS_AT_ONCE);
        while (left.hasNext() && some.size() < ACCOUNTS_AT_ONCE) {
          some.add(left.next());
        }
        insert.setArray(1, array(connection, "text", some, Balance::userId));
        insert.setArray(2, array(connection, "text", some, Balance::currency));
        insert.setArray(3, array(connection, "bigint", some, Balance::balanceMinor));
        insert.setArray(
            4,
            array(
                connection,
                "timestamptz",
                some,
                balance -> Instant.ofEpochMilli(balance.asOfMs()).toString()));
        int _ = insert.executeUpdate();
      }
    } catch (SQLException e) {
      throw new OperatorException(address + ": " + e.getMessage(), e);
    }
    execute(address, "ANALYZE spendwatch.accounts");
  }

  private static Array array(
      Connection connection, String type, List<Balance> from, Function<Balance, Object> column)
      throws SQLException {
    return connection.createArrayOf(type, from.stream().map(column).toArray());
  }

  private PostgresAddress home() {
    return address(uri);
  }

  private PostgresAddress address(String of) {
    return PostgresAddress.parse(of, user, password);
  }

  private static String quoted(Namespace namespace) {
    return '"' + namespace.name() + '"';
  }

  private static <T> T await(KafkaFuture<T> answer) throws ExecutionException {
    try {
      return answer.get(ANSWER.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new OperatorException("Kafka does not answer after " + ANSWER, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  /** Removes what is left. */
  @Override
  public void close() {
    try (admin) {
      while (!namespaces.isEmpty()) {
        remove(namespaces.getLast());
      }
    } finally {
      end.run();
    }
  }
}
