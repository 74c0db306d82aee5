package io.spendwatch.ops.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.cli.Lab;
import io.spendwatch.ops.lab.sandbox.Certificates;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.pipeline.StreamsConfig;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Every kind of connection to a PostgreSQL that takes none without TLS. */
@ExtendWith(Servers.class)
class TlsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String PASSWORD = "p:w@d/?";
  private static final String ENCODED = "p%3Aw%40d%2F%3F";

  private static DataDirectory directory;
  private static Certificates ours;
  private static PostgresServer server;
  private static PostgresServer plain;

  @BeforeAll
  static void startServers() throws Exception {
    directory = DataDirectory.temporary();
    Path files = directory.root();
    ours = Certificates.authority(files, "ours");
    var _ = Certificates.authority(files, "others");
    Path certificate = ours.issue("server", "localhost", "dns:localhost");
    Path access = files.resolve("hba.conf");
    Files.writeString(
        access,
        """
        host    postgres all   127.0.0.1/32 trust
        hostssl all      carla,erna 127.0.0.1/32 cert
        hostssl all      all   127.0.0.1/32 scram-sha-256
        """);
    server =
        PostgresServer.start(
            directory.postgres(),
            0,
            Map.of(
                "ssl", "on",
                "ssl_cert_file", certificate.toString(),
                "ssl_key_file", ours.key("server").toString(),
                "ssl_ca_file", ours.root().toString(),
                "hba_file", access.toString()));
    plain = PostgresServer.start(files.resolve("plain"), 0);
    var maintenance = PostgresAddress.parse(server.uri("postgres"), "", "");
    try (Connection connection = maintenance.connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER USER spendwatch PASSWORD '" + PASSWORD + "'");
      statement.execute("CREATE USER carla");
    }
  }

  @AfterAll
  static void stopServers() {
    server.close();
    plain.close();
    directory.close();
  }

  /**
   * What each setting comes to, by the pools and by JDBC alike: TLS, no TLS, or parts of the line
   * that says why not.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          spendwatch@localhost ||                                                               sslmode=require
          spendwatch@localhost | sslmode=disable                                              | sslmode=require
          spendwatch@localhost | sslmode=allow                                                | TLS
          spendwatch@localhost | sslmode=prefer                                               | TLS
          spendwatch@localhost | sslmode=require                                              | TLS
          spendwatch@127.0.0.1 | sslmode=require                                              | TLS
          spendwatch@localhost | sslmode=require&sslrootcert=DIR/ours.crt                     | TLS
          spendwatch@localhost | sslmode=require&sslrootcert=DIR/others.crt                   | sslrootcert=DIR/others.crt
          spendwatch@localhost | sslmode=verify-ca&sslrootcert=DIR/ours.crt                   | TLS
          spendwatch@127.0.0.1 | sslmode=verify-ca&sslrootcert=DIR/ours.crt                   | TLS
          spendwatch@localhost | sslmode=verify-ca&sslrootcert=DIR/others.crt                 | sslrootcert=DIR/others.crt
          spendwatch@localhost | sslmode=verify-full&sslrootcert=DIR/ours.crt                 | TLS
          spendwatch@localhost | sslmode=verify-full&sslrootcert=DIR/others.crt               | sslrootcert=DIR/others.crt
          spendwatch@localhost | sslmode=verify-full&sslrootcert=system                       | sslrootcert=system
          spendwatch@127.0.0.1 | sslmode=verify-full&sslrootcert=DIR/ours.crt                 | for another host;sslmode=verify-full
          carla@localhost      | sslmode=require&sslcert=DIR/carla.crt&sslkey=DIR/carla.key   | TLS
          carla@localhost      | sslmode=verify-full&sslrootcert=DIR/ours.crt&sslcert=DIR/carla.crt&sslkey=DIR/carla.key | TLS
          carla@localhost      | sslmode=require                                              | certificate
          """)
  void eachModeIsWhatItIsToPsql(String where, String parameters, String expected) throws Exception {
    if (Files.notExists(ours.key("carla"))) {
      ours.issue("carla", "carla", "");
    }
    String uri = uri(server, where, parameters);
    assertThat(outcome(() -> byPool(uri))).as("pool").contains(expected(expected));
    assertThat(outcome(() -> byJdbc(uri))).as("JDBC").contains(expected(expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          sslmode=disable                                  | no TLS
          sslmode=allow                                    | no TLS
          sslmode=prefer                                   | no TLS
          sslmode=require                                  | does not offer TLS;sslmode=require
          sslmode=verify-full&sslrootcert=DIR/ours.crt     | does not offer TLS;sslmode=verify-full
          """)
  void aServerWithoutTlsIsNoSecret(String parameters, String expected) {
    String uri = uri(plain, "spendwatch@localhost", parameters);
    assertThat(outcome(() -> byPool(uri))).as("pool").contains(expected(expected));
    assertThat(outcome(() -> byJdbc(uri))).as("JDBC").contains(expected(expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          sslmode=tls                                    | sslmode is not known;verify-full
          sslmod=require                                 | a parameter that is none of
          sslmode=verify-full                            | sslmode=verify-full needs sslrootcert
          sslmode=verify-ca&sslrootcert=DIR/none.crt     | sslrootcert: DIR/none.crt is not there
          sslmode=verify-ca&sslrootcert=DIR/hba.conf     | sslrootcert: DIR/hba.conf holds no certificates
          sslmode=require&sslcert=DIR/ours.crt           | sslcert and sslkey need each other
          sslmode=require&sslcert=DIR/ours.crt&sslkey=DIR/ours.crt | sslkey: DIR/ours.crt is no private key
          """)
  void aWrongParameterIsNamedBeforeAnythingIsTried(String parameters, String expected) {
    String uri = uri(server, "spendwatch@localhost", parameters);
    assertThatThrownBy(() -> byPool(uri))
        .hasMessageContainingAll("spendwatch.postgres.uri", "SPENDWATCH_PG_URI")
        .hasMessageContainingAll(expected(expected));
    assertThatThrownBy(() -> byJdbc(uri))
        .hasMessageContaining("SPENDWATCH_PG_URI")
        .hasMessageContainingAll(expected(expected));
  }

  /** Who exchanges a password writes it into its file, and no node has to start anew. */
  @Test
  void aPasswordThatWasExchangedIsReadAgain() throws Exception {
    Path file = Files.writeString(directory.root().resolve("dora.password"), "first-of-dora\n");
    maintain("CREATE USER dora PASSWORD 'first-of-dora'");
    Database database =
        open(
            uri(server, "dora@localhost", "sslmode=require"),
            Map.of("spendwatch.postgres.password-file", file.toString()));
    try {
      awaitEncrypted(database);
      Files.writeString(file, "second-of-dora");
      maintain("ALTER USER dora PASSWORD 'second-of-dora'");
      end("dora");
      awaitEncrypted(database);
    } finally {
      var _ = database.close().toCompletableFuture().join();
    }
  }

  /** Likewise, with each new connection, who vouches for the server, and our own certificate. */
  @Test
  void certificatesThatWereRenewedAreReadAgain() throws Exception {
    ours.issue("erna", "erna", "");
    ours.issue("fritz", "fritz", "");
    maintain("CREATE USER erna");
    Path files = Files.createDirectory(directory.root().resolve("renewed"));
    take("ours.crt", files.resolve("root.crt"));
    // By the right authority, for somebody else.
    take("fritz.crt", files.resolve("own.crt"));
    take("fritz.key", files.resolve("own.key"));
    Database database =
        open(
            uri(
                server,
                "erna@localhost",
                "sslmode=verify-full&sslrootcert=DIR/renewed/root.crt"
                    + "&sslcert=DIR/renewed/own.crt&sslkey=DIR/renewed/own.key"),
            Map.of());
    try {
      awaitRefused(database, "certificate authentication failed");
      take("erna.crt", files.resolve("own.crt"));
      take("erna.key", files.resolve("own.key"));
      awaitEncrypted(database);
      take("others.crt", files.resolve("root.crt"));
      end("erna");
      awaitRefused(database, "none of the trusted authorities");
      take("ours.crt", files.resolve("root.crt"));
      awaitEncrypted(database);
    } finally {
      var _ = database.close().toCompletableFuture().join();
    }
  }

  private static void take(String name, Path to) throws IOException {
    Files.copy(directory.root().resolve(name), to, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void awaitEncrypted(Database database) {
    await().atMost(PATIENCE).ignoreExceptions().until(() -> isEncrypted(database));
  }

  private static void awaitRefused(Database database, String why) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThatThrownBy(() -> isEncrypted(database))
                    .satisfies(
                        failure ->
                            assertThat(PgFailure.describe(failure.getCause())).contains(why)));
  }

  /** Whatever connections somebody has. */
  private static void end(String user) throws SQLException {
    maintain(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + user + "'");
  }

  private static void maintain(String sql) throws SQLException {
    var maintenance = PostgresAddress.parse(server.uri("postgres"), "", "");
    try (Connection connection = maintenance.connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The schema, the pools, the push, the lease, the audit, an explanation: all of them. */
  @Test
  void aNodeAndTheCommandsUseNothingElse(TestBed bed) throws Exception {
    String uri =
        uri(
            server,
            "spendwatch@localhost",
            "sslmode=verify-full&sslrootcert=" + directory.root() + "/ours.crt");
    try (NodeSettings _ =
        NodeSettings.of(bed)
            .set("spendwatch.postgres.uri", uri)
            .set("spendwatch.partitions.retention", "400 d")) {
      assertThat(run("migrate")).isEmpty();
      Node node = Node.start(Configuration.load(), InstantSource.system());
      try {
        await().atMost(PATIENCE).until(() -> node.status().node().state() == State.READY);
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () ->
                    assertThat(sessions())
                        .contains(
                            "spendwatch-push true", "spendwatch true", "spendwatch-analytics true")
                        .noneMatch(session -> session.endsWith(" false")));
        assertThat(run("audit")).isEmpty();
        assertThat(run("explain", "nothing")).contains("no alert and no transaction");
      } finally {
        node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
      }
      settingsOfAnotherAuthority(uri);
    }
  }

  /** One line each, that names the setting. */
  private static void settingsOfAnotherAuthority(String uri) {
    System.setProperty("spendwatch.postgres.uri", uri.replace("ours.crt", "others.crt"));
    for (String[] command :
        List.of(new String[] {"migrate"}, new String[] {"explain", "x"}, new String[] {"audit"})) {
      assertThat(run(command))
          .contains("certificate", "SPENDWATCH_PG_URI", "others.crt")
          .doesNotContain(PASSWORD, ENCODED)
          .hasLineCount(1);
    }
  }

  private static List<String> sessions() throws SQLException {
    var maintenance = PostgresAddress.parse(server.uri("postgres"), "", "");
    List<String> sessions = new ArrayList<>();
    try (Connection connection = maintenance.connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                SELECT application_name || ' ' || ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
                 WHERE datname = 'spendwatch'
                """)) {
      while (rows.next()) {
        sessions.add(rows.getString(1));
      }
    }
    return sessions;
  }

  /** What it has to say on standard error. */
  private static String run(String... arguments) {
    var err = new StringWriter();
    CommandLine commandLine = Spendwatch.commandLine(Lab.commands());
    commandLine.setOut(new PrintWriter(new StringWriter(), true));
    commandLine.setErr(new PrintWriter(err, true));
    int _ = commandLine.execute(arguments);
    return err.toString();
  }

  private static String uri(PostgresServer at, String where, String parameters) {
    String query = parameters == null ? "" : "?" + expected(parameters)[0];
    return "postgresql://"
        + where.replace("spendwatch@", "spendwatch:" + ENCODED + "@")
        + ":"
        + at.port()
        + "/spendwatch"
        + query;
  }

  private static String[] expected(String parts) {
    return parts.replace("DIR", directory.root().toString()).split(";", -1);
  }

  private interface Attempt {
    boolean isEncrypted() throws Exception;
  }

  private static String outcome(Attempt attempt) {
    try {
      return attempt.isEncrypted() ? "TLS" : "no TLS";
    } catch (Exception e) {
      assertThat(e.getMessage()).doesNotContain(PASSWORD, ENCODED);
      return e.getMessage();
    }
  }

  private static final String ENCRYPTED =
      "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

  private static boolean byPool(String uri) {
    Database database = open(uri, Map.of());
    try {
      return isEncrypted(database);
    } catch (CompletionException e) {
      throw new IllegalStateException(PgFailure.describe(e.getCause()), e);
    } finally {
      var _ = database.close().toCompletableFuture().join();
    }
  }

  private static Database open(String uri, Map<String, String> further) {
    Map<String, String> settings = new HashMap<>(further);
    settings.put("spendwatch.postgres.uri", uri);
    settings.put("spendwatch.postgres.role", "");
    return Database.open(
        StreamsConfig.from(
                ConfigFactory.parseMap(settings)
                    .withFallback(ConfigFactory.defaultReference())
                    .resolve())
            .postgres());
  }

  private static boolean isEncrypted(Database database) {
    return database
        .execute(ENCRYPTED, Tuple.tuple())
        .toCompletableFuture()
        .join()
        .iterator()
        .next()
        .getBoolean(0);
  }

  private static boolean byJdbc(String uri) throws SQLException {
    try (Connection connection = PostgresAddress.parse(uri, "", "").connect("test");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(ENCRYPTED)) {
      row.next();
      return row.getBoolean(1);
    }
  }
}
