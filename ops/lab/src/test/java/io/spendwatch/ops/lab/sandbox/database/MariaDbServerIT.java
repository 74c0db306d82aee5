package io.spendwatch.ops.lab.sandbox.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The embedded MariaDB, which there is for one kind of machine. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class MariaDbServerIT {
  private static final Duration STOP = Duration.ofSeconds(30);

  @TempDir private Path directory;

  @Test
  void keepsItsDataAndItsLogAcrossKillAndStop() throws Exception {
    try (MariaDbServer server = MariaDbServer.start(directory, 0)) {
      assertThat(server.uri()).isEqualTo("mysql://shop@127.0.0.1:" + server.port() + "/shop");
      execute(
          server,
          "CREATE TABLE paid (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20)) ENGINE=InnoDB",
          "INSERT INTO paid (name) VALUES ('Łódź 💶')");
      assertThat(variable(server, "log_bin")).isEqualTo("ON");
      assertThat(variable(server, "binlog_format")).isEqualTo("ROW");
      assertThat(variable(server, "binlog_row_image")).isEqualTo("FULL");
      List<ProcessHandle> processes = server.processes().toList();
      assertThat(processes).isNotEmpty();

      server.kill();
      assertThat(server.ended().get(STOP.toSeconds(), TimeUnit.SECONDS))
          .startsWith("MariaDB has stopped");
      await("the end")
          .atMost(STOP)
          .until(() -> processes.stream().noneMatch(ProcessHandle::isAlive));
    }
    try (MariaDbServer server = MariaDbServer.start(directory, 0)) {
      assertThat(ask(server, "SELECT name FROM paid")).isEqualTo("Łódź 💶");
      execute(server, "INSERT INTO paid (name) VALUES ('second')");
    }
    try (MariaDbServer server =
        MariaDbServer.start(directory, 0, Map.of("binlog-row-image", "MINIMAL"))) {
      assertThat(ask(server, "SELECT count(*) FROM paid")).isEqualTo("2");
      assertThat(variable(server, "binlog_row_image")).isEqualTo("MINIMAL");
      assertThat(ask(server, "SELECT count(*) FROM mysql.global_priv WHERE user = ''"))
          .as("nobody without a name may come in")
          .isEqualTo("0");
      assertThatThrownBy(
              () -> DriverManager.getConnection(server.jdbcUrl(), "shop", "wrong").close())
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("Access denied");
    }
  }

  @Test
  void namesAPortThatIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral(Ports.LOOPBACK))) {
      assertThatThrownBy(() -> MariaDbServer.start(directory, taken.getLocalPort()).close())
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining(
              "port " + taken.getLocalPort() + " is taken: MariaDB cannot listen");
    }
  }

  private static String variable(MariaDbServer server, String name) throws SQLException {
    return ask(
        server,
        "SELECT variable_value FROM information_schema.global_variables"
            + " WHERE variable_name = '"
            + name
            + "'");
  }

  private static String ask(MariaDbServer server, String sql) throws SQLException {
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      assertThat(rows.next()).isTrue();
      return rows.getString(1);
    }
  }

  private static void execute(MariaDbServer server, String... statements) throws SQLException {
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static Connection connect(MariaDbServer server) throws SQLException {
    return DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
  }
}
