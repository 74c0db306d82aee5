package io.spendwatch.ops.lab.sandbox.database;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.process.Executables;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.lab.sandbox.start.Readiness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * A real PostgreSQL as a child process, with its data under a directory.
 *
 * <p>It is durable like any other (fsync on), listens on the loopback interface only and trusts
 * whoever connects there: for trying out and for tests. Its files outlive it; a start on the same
 * directory finds them again, also after {@code kill -9}.
 */
public final class PostgresServer implements DatabaseServer {
  private static final String USER = "spendwatch";
  private static final String DATABASE = "spendwatch";

  private final GuardedProcess process;
  private final int port;

  private PostgresServer(GuardedProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts the server and waits until it answers. Blocks.
   *
   * @param directory created if absent; to be used by one server at a time
   * @param port 0 for any free one
   * @throws OperatorException if the port is taken or the server does not start
   */
  public static PostgresServer start(Path directory, int port) {
    return start(directory, port, Map.of());
  }

  /**
   * Like {@link #start(Path, int)}.
   *
   * @param settings of the server, by their names; they override ours
   */
  public static PostgresServer start(Path directory, int port, Map<String, String> settings) {
    Path home = PostgresBinaries.locate();
    Path root = directory.toAbsolutePath();
    Path data = root.resolve("data");
    try {
      Files.createDirectories(root);
      if (!Files.exists(data)) {
        initialise(home, wrapper(), root, data);
      }
      removeStalePidFile(data);
    } catch (IOException e) {
      throw new OperatorException("PostgreSQL cannot use " + root + ": " + e, e);
    }
    var server = launch("PostgreSQL", home, root, port, settings);
    return server.ready("PostgreSQL", server::createDatabase);
  }

  /**
   * Starts a physical replica of a server and waits until it answers. Blocks. What there is of it
   * is taken again if it can follow on; else all of the server's data is copied.
   *
   * @param directory created if absent; to be used by one server at a time
   * @param port 0 for any free one
   * @throws OperatorException if the port is taken or the server does not start
   */
  public static PostgresServer startReplica(Path directory, PostgresServer primary, int port) {
    Path home = PostgresBinaries.locate();
    Path root = directory.toAbsolutePath();
    try {
      Files.createDirectories(root);
      ReplicaData.prepare(root, primary);
      removeStalePidFile(root.resolve("data"));
    } catch (IOException | SQLException e) {
      throw new OperatorException("the replica's data cannot be made in " + root + ": " + e, e);
    }
    var server = launch("the replica", home, root, port, ReplicaData.settings(primary));
    return server.ready("the replica", server::checkAnswers);
  }

  private static PostgresServer launch(
      String name, Path home, Path root, int port, Map<String, String> settings) {
    int chosen = Ports.freeOr(port, name);
    GuardedProcess process =
        GuardedProcess.start(
            new GuardedProcess.Command(
                name,
                root,
                // Fast shutdown: open sessions are ended instead of waited for.
                GuardedProcess.StopSignal.INT,
                Map.of(),
                wrapper(),
                command(home, root.resolve("data"), chosen, settings)));
    return new PostgresServer(process, chosen);
  }

  private PostgresServer ready(String name, Readiness.Question question) {
    try {
      Readiness.await(process, name, port, question);
      return this;
    } catch (RuntimeException e) {
      process.close();
      throw e;
    }
  }

  @Override
  public int port() {
    return port;
  }

  /** The user, who may do everything and needs no password. */
  public String user() {
    return USER;
  }

  /** The database {@code spendwatch}, in the form that {@code psql} takes. */
  public String uri() {
    return uri(DATABASE);
  }

  /** A database of this server, which need not exist. */
  public String uri(String database) {
    return String.format(
        Locale.ROOT, "postgresql://%s@%s:%d/%s", USER, Ports.LOOPBACK, port, database);
  }

  @Override
  public Stream<ProcessHandle> processes() {
    return process.processes();
  }

  @Override
  public CompletableFuture<String> ended() {
    return process.exit().thenApply(_ -> process.lastWords());
  }

  @Override
  public void kill() {
    process.kill();
  }

  @Override
  public void close() {
    process.close();
  }

  private static List<String> command(
      Path home, Path data, int port, Map<String, String> settings) {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/postgres").toString());
    command.addAll(List.of("-D", data.toString(), "-p", Integer.toString(port)));
    for (String setting :
        List.of(
            "listen_addresses=" + Ports.LOOPBACK,
            "unix_socket_directories=",
            "fsync=on",
            "max_connections=100",
            "shared_buffers=192MB",
            // A statement over years of daily partitions locks each of them and its index.
            "max_locks_per_transaction=512",
            "max_wal_size=2GB",
            // What a replica that is started no more may keep of the log.
            "max_slot_wal_keep_size=1GB",
            // A new segment that is filled with zeros first holds up every commit by 20 ms.
            "wal_init_zero=off",
            // How soon the newest pages are summarised for time scans; a minute at 5,000 rows a
            // second would be 300,000 rows that each such scan reads.
            "autovacuum_naptime=10s",
            "jit=off",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_checkpoints=off",
            "log_line_prefix=%m [%p] %q%a ",
            "lc_messages=C")) {
      command.addAll(List.of("-c", setting));
    }
    // Of one setting the last counts.
    settings.forEach((name, value) -> command.addAll(List.of("-c", name + "=" + value)));
    return command;
  }

  /** As a fresh directory or not at all: a half-made one of a killed run is thrown away. */
  private static void initialise(Path home, List<String> wrapper, Path root, Path data)
      throws IOException {
    Path partial = root.resolve("data.new");
    DataDirectory.deleteTree(partial);
    Path log = root.resolve("initdb.log");
    List<String> command = new ArrayList<>(wrapper);
    command.add(home.resolve("bin/initdb").toString());
    command.addAll(List.of("-D", partial.toString(), "--username", USER, "--auth", "trust"));
    command.addAll(List.of("--encoding", "UTF8", "--locale", "C", "--no-instructions"));
    Readiness.make("initdb", command, null, log);
    Files.move(partial, data, StandardCopyOption.ATOMIC_MOVE);
  }

  /** PostgreSQL refuses to run as root; in a user namespace root is nobody to it. */
  private static List<String> wrapper() {
    if (!"root".equals(System.getProperty("user.name"))) {
      return List.of();
    }
    List<String> wrapper = List.of("unshare", "-U");
    if (!Executables.succeeds(List.of("unshare", "-U", "true"))) {
      throw new OperatorException(
          "PostgreSQL does not run as root, and `unshare -U` is not allowed here:"
              + " use an ordinary user");
    }
    return wrapper;
  }

  /**
   * After {@code kill -9} the pid file stays, and its number may belong to another process by now:
   * PostgreSQL would take that for itself and refuse to start.
   */
  private static void removeStalePidFile(Path data) throws IOException {
    Path file = data.resolve("postmaster.pid");
    if (!Files.exists(file)) {
      return;
    }
    List<String> lines = Files.readAllLines(file);
    if (!lines.isEmpty() && runsPostgres(lines.getFirst().strip())) {
      return;
    }
    Files.delete(file);
  }

  private static boolean runsPostgres(String pid) {
    try {
      return ProcessHandle.of(Long.parseLong(pid))
          .flatMap(process -> process.info().command())
          .filter(command -> command.endsWith("postgres"))
          .isPresent();
    } catch (NumberFormatException e) {
      return false;
    }
  }

  /** A connection to its maintenance database, as who may do everything. */
  Connection connect() throws SQLException {
    String url =
        String.format(
            Locale.ROOT,
            "jdbc:postgresql://%s:%d/postgres?connectTimeout=2&loginTimeout=5&sslmode=disable",
            Ports.LOOPBACK,
            port);
    return DriverManager.getConnection(url, USER, "");
  }

  private void checkAnswers() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      boolean _ = statement.execute("SELECT 1");
    }
  }

  private void createDatabase() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      try (ResultSet found =
          statement.executeQuery("SELECT FROM pg_database WHERE datname = '" + DATABASE + "'")) {
        if (found.next()) {
          return;
        }
      }
      statement.execute("CREATE DATABASE " + DATABASE);
    }
  }
}
