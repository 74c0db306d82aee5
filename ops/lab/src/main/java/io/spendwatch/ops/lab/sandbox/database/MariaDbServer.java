package io.spendwatch.ops.lab.sandbox.database;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.lab.sandbox.start.Readiness;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * A real MariaDB as a child process, with its data under a directory, and a log of whole rows that
 * changes can be captured from.
 *
 * <p>It is durable like any other, and listens on the loopback interface only. Its files outlive
 * it; a start on the same directory finds them again, also after {@code kill -9}. Thread-safe.
 */
public final class MariaDbServer implements DatabaseServer {
  private static final String DATABASE = BusinessServer.NAME;
  private static final String USER = BusinessServer.NAME;
  private static final String PASSWORD = BusinessServer.PASSWORD;

  /** What makes the system's tables, in this order. */
  private static final List<String> BOOTSTRAP =
      List.of(
          "mariadb_system_tables.sql",
          "mariadb_performance_tables.sql",
          "mariadb_system_tables_data.sql");

  private final GuardedProcess process;
  private final int port;

  private MariaDbServer(GuardedProcess process, int port) {
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
  public static MariaDbServer start(Path directory, int port) {
    return start(directory, port, Map.of());
  }

  /**
   * Like {@link #start(Path, int)}.
   *
   * @param settings of the server, by the names of its options; they override ours
   */
  public static MariaDbServer start(Path directory, int port, Map<String, String> settings) {
    Path home = MariaDbBinaries.locate();
    Path root = directory.toAbsolutePath();
    Path data = root.resolve("data");
    try {
      Files.createDirectories(root);
      if (!Files.exists(data)) {
        initialise(home, root, data);
      }
    } catch (IOException e) {
      throw new OperatorException("MariaDB cannot use " + root + ": " + e, e);
    }
    int chosen = Ports.freeOr(port, "MariaDB");
    GuardedProcess process =
        GuardedProcess.start(
            new GuardedProcess.Command(
                "MariaDB",
                root,
                GuardedProcess.StopSignal.TERM,
                Map.of(),
                List.of(),
                command(home, root, data, chosen, settings)));
    var server = new MariaDbServer(process, chosen);
    try {
      Readiness.await(process, "MariaDB", chosen, server::connectOnce);
      return server;
    } catch (RuntimeException e) {
      process.close();
      throw e;
    }
  }

  @Override
  public int port() {
    return port;
  }

  /** The user, who may do everything. */
  public String user() {
    return USER;
  }

  /** That user's password, which is the same for every such server. */
  public String password() {
    return PASSWORD;
  }

  /** The database {@code shop}, which is there, with the user and without the password. */
  public String uri() {
    return String.format(Locale.ROOT, "mysql://%s@%s:%d/%s", USER, Ports.LOOPBACK, port, DATABASE);
  }

  /** The same database for JDBC, without user and password. */
  public String jdbcUrl() {
    return String.format(Locale.ROOT, "jdbc:mariadb://%s:%d/%s", Ports.LOOPBACK, port, DATABASE);
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
      Path home, Path root, Path data, int port, Map<String, String> settings) {
    List<String> command = base(home, data);
    for (String setting :
        List.of(
            "port=" + port,
            "bind-address=" + Ports.LOOPBACK,
            // Its path may be longer than a socket's may be; everybody comes by TCP.
            "socket=",
            "skip-name-resolve",
            "pid-file=" + root.resolve("mariadbd.pid"),
            "server-id=1",
            "log-bin=binlog",
            "binlog-format=ROW",
            "binlog-row-image=FULL",
            "sync-binlog=1",
            "innodb-flush-log-at-trx-commit=1",
            "innodb-buffer-pool-size=128M",
            "max-connections=100",
            "character-set-server=utf8mb4",
            "default-time-zone=+00:00")) {
      command.add("--" + setting);
    }
    // Of one setting the last counts.
    settings.forEach((name, value) -> command.add("--" + name + "=" + value));
    return command;
  }

  private static List<String> base(Path home, Path data) {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/mariadbd").toString());
    command.add("--no-defaults");
    if ("root".equals(System.getProperty("user.name"))) {
      // It refuses root unless told so.
      command.add("--user=root");
    }
    command.add("--basedir=" + home);
    command.add("--datadir=" + data);
    command.add("--lc-messages-dir=" + home.resolve("share"));
    // It would make itself a key at each start, which takes seconds of CPU.
    command.add("--skip-ssl");
    return command;
  }

  /** As a fresh directory or not at all: a half-made one of a killed run is thrown away. */
  private static void initialise(Path home, Path root, Path data) throws IOException {
    Path partial = root.resolve("data.new");
    DataDirectory.deleteTree(partial);
    Files.createDirectories(partial);
    Path script = root.resolve("bootstrap.sql");
    writeBootstrap(home, script);
    List<String> command = base(home, partial);
    command.addAll(List.of("--bootstrap", "--log-warnings=0", "--enforce-storage-engine="));
    Readiness.make("mariadbd --bootstrap", command, script, root.resolve("bootstrap.log"));
    Files.delete(script);
    Files.move(partial, data, StandardCopyOption.ATOMIC_MOVE);
  }

  /** A statement of ours is a line: the server reads no further where it is not told to. */
  private static void writeBootstrap(Path home, Path script) throws IOException {
    try (OutputStream out = Files.newOutputStream(script)) {
      write(out, "CREATE DATABASE mysql;", "USE mysql;", "SET @auth_root_socket = NULL;");
      for (String file : BOOTSTRAP) {
        Files.copy(home.resolve("share").resolve(file), out);
      }
      String who = "'" + USER + "'@'" + Ports.LOOPBACK + "'";
      write(
          out,
          "FLUSH PRIVILEGES;",
          "CREATE USER " + who + " IDENTIFIED BY '" + PASSWORD + "';",
          "GRANT ALL ON *.* TO " + who + " WITH GRANT OPTION;",
          "CREATE DATABASE " + DATABASE + " CHARACTER SET utf8mb4;");
    }
  }

  private static void write(OutputStream out, String... lines) throws IOException {
    for (String line : lines) {
      out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private void connectOnce() throws SQLException {
    try (Connection _ =
        DriverManager.getConnection(jdbcUrl() + "?connectTimeout=2000", USER, PASSWORD)) {
      // It answers.
    }
  }
}
