package io.spendwatch.ops.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.loadgen.shop.ShopBooks;
import io.spendwatch.loadgen.shop.ShopDatabase;
import io.spendwatch.ops.access.AccessFile;
import io.spendwatch.ops.access.Caller;
import io.spendwatch.ops.access.Role;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.testing.Launched;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sandbox as a user has it: a process, its output, its end. */
class SandboxIT {
  private static final Duration START = Duration.ofMinutes(2);
  private static final Duration STOP = Duration.ofSeconds(40);

  @TempDir private Path directory;

  @Test
  void printsSettingsAndReadyKeepsItsDataAndLeavesNothingBehind() throws Exception {
    long offset;
    try (Launched sandbox = start()) {
      assertThat(sandbox.out()).hasSize(4).last().isEqualTo("READY");
      assertThat(sandbox.out().subList(0, 3))
          .allSatisfy(line -> assertThat(line).matches("SPENDWATCH_[A-Z_]+=[-\\w:/@.]+"));
      assertThat(sandbox.err()).isEmpty();
      Map<String, String> settings = settings(sandbox);
      execute(settings, "UPDATE spendwatch.settings SET partition_granularity = 'month'");
      offset = produce(settings);

      List<ProcessHandle> servers = sandbox.descendants();
      assertThat(servers).hasSizeGreaterThan(3);
      sandbox.signalGroup("INT");
      assertThat(sandbox.awaitEnd(STOP)).isEqualTo(128 + 2);
      assertGone(servers);
    }
    // Killed this time, with its whole process group: the servers still go, and the data stays.
    try (Launched sandbox = start()) {
      assertThat(granularity(settings(sandbox))).isEqualTo("month");
      assertThat(produce(settings(sandbox))).isEqualTo(offset + 1);
      List<ProcessHandle> servers = sandbox.descendants();
      sandbox.signalGroup("KILL");
      assertThat(sandbox.awaitEnd(STOP)).isEqualTo(128 + 9);

      // At once, while the former servers may still be stopping; with one more this time.
      try (Launched next = start("--object-store")) {
        assertGone(servers);
        assertThat(granularity(settings(next))).isEqualTo("month");
        assertThat(produce(settings(next))).isEqualTo(offset + 2);
        servers = next.descendants();
        next.signal("TERM");
        assertThat(next.awaitEnd(STOP)).isEqualTo(128 + 15);
        assertGone(servers);
      }
    }
  }

  @Test
  void hasAStoreForTheArchiveBesideRefusesADirectoryInUseAndNamesAServerThatDies()
      throws Exception {
    try (Launched sandbox = start("--object-store", "--token")) {
      assertThat(sandbox.err()).isEmpty();
      Map<String, String> settings = settings(sandbox);
      assertIsOfAnOperator(Path.of(settings.get("SPENDWATCH_HTTP_TOKEN_FILE")), settings);
      assertThat(settings)
          .containsEntry("SPENDWATCH_ARCHIVE_URI", "s3://archive/spendwatch")
          .containsKeys("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
      HttpResponse<Void> stranger =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(
                          URI.create(settings.get("SPENDWATCH_ARCHIVE_ENDPOINT") + "/archive"))
                      .build(),
                  HttpResponse.BodyHandlers.discarding());
      assertThat(stranger.statusCode()).isEqualTo(403);

      try (Launched second = Launched.start("sandbox", "--data-dir", directory.toString())) {
        assertThat(second.awaitEnd(STOP)).isEqualTo(1);
        assertThat(second.err())
            .singleElement()
            .asString()
            .startsWith("spendwatch sandbox: data directory " + directory + " is in use");
        assertThat(second.out()).isEmpty();
      }

      List<ProcessHandle> servers = sandbox.descendants();
      servers.stream()
          .filter(process -> process.info().command().orElse("").endsWith("/postgres"))
          .findFirst()
          .orElseThrow()
          .destroyForcibly();
      assertThat(sandbox.awaitEnd(STOP)).isEqualTo(1);
      assertThat(sandbox.err())
          .singleElement()
          .asString()
          .startsWith("spendwatch sandbox: PostgreSQL has stopped (exit status ");
      assertGone(servers);
    }
  }

  @ParameterizedTest
  @CsvSource({"mariadb, mysql, mariadbd, MariaDB", "postgres, postgresql, postgres, PostgreSQL"})
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void hasABusinessDatabaseBesideForTheShop(
      String business, String scheme, String program, String server) throws Exception {
    try (Launched sandbox =
        Launched.start(
            "sandbox",
            "--data-dir",
            directory.toString(),
            "--partitions",
            "2",
            "--business",
            business)) {
      sandbox.awaitLine("READY"::equals, START);
      assertThat(sandbox.out()).hasSize(7).last().isEqualTo("READY");
      assertThat(sandbox.err()).isEmpty();
      Map<String, String> settings = settings(sandbox);
      String uri = settings.get("SPENDWATCH_BUSINESS_URI");
      assertThat(uri).matches(scheme + "://shop@127\\.0\\.0\\.1:\\d+/shop");

      try (Launched shop =
          Launched.start(settings, "shop", "--rate", "50/s", "--duration", "5s", "--json")) {
        assertThat(shop.awaitEnd(START)).as("%s", shop.err()).isZero();
        assertThat(shop.out()).singleElement().asString().startsWith("{\"sales\":");
        assertThat(shop.out().getFirst()).doesNotContain("\"sales\":0,").contains("\"unknown\":0,");
      }
      // Told to end while it is open, it says what it has done.
      try (Launched shop = Launched.start(settings, "shop", "--sales-interval", "0.1s")) {
        await("a shop that is open")
            .atMost(START)
            .until(() -> shop.err().stream().anyMatch(line -> line.startsWith("shop: open, ")));
        shop.signal("INT");
        assertThat(shop.awaitEnd(STOP)).isEqualTo(128 + 2);
        assertThat(shop.out())
            .singleElement()
            .asString()
            .startsWith("shop: ")
            .contains(" sales of ");
      }
      assertThat(
              new ShopBooks(
                      ShopDatabase.parse(uri, "", settings.get("SPENDWATCH_BUSINESS_PASSWORD")))
                  .findings())
          .isEmpty();

      List<ProcessHandle> servers = sandbox.descendants();
      String port = Integer.toString(URI.create(uri).getPort());
      servers.stream()
          .filter(process -> process.info().command().orElse("").endsWith("/" + program))
          .filter(process -> process.info().commandLine().orElse("").contains(port))
          .findFirst()
          .orElseThrow()
          .destroyForcibly();
      assertThat(sandbox.awaitEnd(STOP)).isEqualTo(1);
      assertThat(sandbox.err())
          .singleElement()
          .asString()
          .startsWith("spendwatch sandbox: " + server + " has stopped (exit status ")
          .contains("/business/" + business);
      assertGone(servers);
    }
  }

  @Test
  void namesAPortThatIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral(Ports.LOOPBACK))) {
      for (String option : List.of("--kafka-port", "--pg-port")) {
        String port = Integer.toString(taken.getLocalPort());
        try (Launched sandbox =
            Launched.start("sandbox", "--data-dir", directory.toString(), option, port)) {
          assertThat(sandbox.awaitEnd(START)).isEqualTo(1);
          assertThat(sandbox.err())
              .singleElement()
              .asString()
              .startsWith("spendwatch sandbox: port " + port + " is taken: ");
          assertThat(sandbox.out()).isEmpty();
        }
      }
    }
  }

  private static void assertIsOfAnOperator(Path token, Map<String, String> settings)
      throws IOException {
    assertThat(Files.getPosixFilePermissions(token))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    AccessFile known =
        AccessFile.read(
            "a setting", settings.get("SPENDWATCH_HTTP_ACCESS_FILE"), InstantSource.system());
    assertThat(known.of(Files.readString(token))).map(Caller::role).hasValue(Role.OPERATOR);
    assertThat(known.of("another")).isEmpty();
  }

  private Launched start(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("sandbox", "--data-dir", directory.toString(), "--partitions", "2"));
    arguments.addAll(List.of(more));
    Launched sandbox = Launched.start(arguments.toArray(String[]::new));
    sandbox.awaitLine("READY"::equals, START);
    return sandbox;
  }

  private static Map<String, String> settings(Launched sandbox) {
    return sandbox.out().stream()
        .filter(line -> line.contains("="))
        .map(line -> line.split("=", 2))
        .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
  }

  private static long produce(Map<String, String> settings) throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", settings.get("SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS")),
            new StringSerializer(),
            new StringSerializer())) {
      return producer
          .send(new ProducerRecord<>("transactions", 1, "user", "not read by anybody"))
          .get()
          .offset();
    }
  }

  private static String granularity(Map<String, String> settings) throws SQLException {
    try (Connection connection = connect(settings);
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT partition_granularity FROM spendwatch.settings")) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static void execute(Map<String, String> settings, String sql) throws SQLException {
    try (Connection connection = connect(settings);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static Connection connect(Map<String, String> settings) throws SQLException {
    return PostgresAddress.parse(settings.get("SPENDWATCH_PG_URI"), "", "").connect("test");
  }

  private static void assertGone(List<ProcessHandle> processes) {
    await("the end of the servers")
        .atMost(STOP)
        .until(() -> processes.stream().noneMatch(ProcessHandle::isAlive));
  }
}
