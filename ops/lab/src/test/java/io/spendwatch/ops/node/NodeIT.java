package io.spendwatch.ops.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.api.HttpWindows;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.Schema;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A whole node, cluster and HTTP included. */
@ExtendWith(Servers.class)
class NodeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private NodeSettings settings;

  @BeforeEach
  void configure(TestBed bed) {
    settings = NodeSettings.of(bed);
  }

  @AfterEach
  void forget() {
    settings.close();
  }

  @Test
  void raisesAnAlertIsReadyMeanwhileAndDrainsAtItsEnd(TestBed bed) throws Exception {
    Node node = start();
    try {
      await().atMost(PATIENCE).until(() -> node.status().node().state() == State.READY);
      assertThat(get(node, "/health/ready").statusCode()).isEqualTo(200);
      assertThat(node.status().members()).singleElement().extracting("status").isEqualTo("Up");

      List<AlertTail.Received> alerts = new ArrayList<>();
      Map<String, Object> client = Map.of("bootstrap.servers", bed.bootstrapServers());
      try (AlertTail tail = AlertTail.open(client, bed.topics().alerts(), true)) {
        spend(bed);
        await()
            .atMost(PATIENCE)
            .until(() -> alerts.addAll(tail.poll(Duration.ofMillis(200))) || !alerts.isEmpty());
      }
      assertThat(alerts)
          .singleElement()
          .satisfies(
              received -> {
                assertThat(received.alert().type()).isEqualTo(AlertType.RAISED);
                assertThat(received.alert().transactionId()).isEqualTo("t2");
                assertThat(received.alert().exposureMinor()).isEqualTo(10_001);
                assertThat(received.json()).contains("\"excess\":\"0.01\"");
              });
      assertThat(windowOfU1(node))
          .satisfies(
              window -> {
                assertThat(window.exposureMinor()).isEqualTo(10_001);
                assertThat(window.transactions()).isEqualTo(2);
                assertThat(window.openEpisodeId()).isEqualTo(alerts.getFirst().alert().episodeId());
              });
    } finally {
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
    assertThat(node.toldToEnd()).isTrue();
    assertThat(node.status().node().state()).isEqualTo(State.DRAINING);
  }

  @Test
  void startsWithoutItsServersAndNamesWhatItWaitsFor() throws Exception {
    int closed = Ports.free();
    settings.set("spendwatch.kafka.bootstrap-servers", "127.0.0.1:" + closed);
    settings.set("spendwatch.kafka.request-timeout", "1s");
    settings.set("spendwatch.postgres.uri", "postgresql://nobody@127.0.0.1:" + closed + "/none");
    Node node = start();
    try {
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  node.status().node().waitingFor().stream()
                      .anyMatch(what -> what.contains("Kafka")));
      HttpResponse<String> ready = get(node, "/health/ready");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(ready.body()).contains("Kafka");
      assertThat(get(node, "/health/live").statusCode()).isEqualTo(200);
    } finally {
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void joinsOnceTheDatabaseIsThere(TestBed bed) throws Exception {
    PostgresAddress known = bed.database();
    var later =
        new PostgresAddress(
            known.hosts(), "made_later", known.parameters(), known.user(), known.password());
    settings.set("spendwatch.postgres.uri", bed.pgUri().replaceFirst("[^/]+$", later.database()));
    Node node = start();
    try {
      await()
          .atMost(PATIENCE)
          .until(() -> node.status().node().waitingFor(), waitsForTheCluster("3D000"));
      assertThat(node.status().members()).isEmpty();
      try (Connection connection = known.connect("test");
          Statement statement = connection.createStatement()) {
        statement.execute("CREATE DATABASE " + later.database());
      }
      new Schema(later).migrate(Instant.now());
      await().atMost(PATIENCE).until(() -> node.status().node().state() == State.READY);
      assertThat(node.status().members()).singleElement().extracting("status").isEqualTo("Up");
    } finally {
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void saysWhatKubernetesAnswersWhereItLooksForTheClusterThere() throws Exception {
    settings.set("spendwatch.cluster.discovery", "kubernetes-api");
    Node node = start();
    try {
      await()
          .atMost(PATIENCE)
          .until(
              () -> node.status().node().waitingFor(),
              waitsForTheCluster(
                  "kubernetes-api: java.nio.file.NoSuchFileException: /var/run/secrets/"));
      assertThat(get(node, "/health/ready").statusCode()).isEqualTo(503);
    } finally {
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  private static UserWindow windowOfU1(Node node) {
    try (var windows =
        new HttpWindows(URI.create("http://127.0.0.1:" + node.httpPort()), PATIENCE)) {
      int partition = Partitioner.MURMUR2.partitionOf("u1", TestBed.PARTITIONS);
      return windows.page(partition, null, 10).toCompletableFuture().join().users().getFirst();
    }
  }

  private static Predicate<List<String>> waitsForTheCluster(String because) {
    return waitingFor ->
        waitingFor.stream()
            .anyMatch(what -> what.startsWith("the cluster (") && what.contains(because));
  }

  @Test
  void namesAPortThatIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral(Ports.LOOPBACK))) {
      String port = Integer.toString(taken.getLocalPort());
      settings.set("spendwatch.http.port", port);
      assertThatThrownBy(NodeIT::start)
          .isInstanceOf(OperatorException.class)
          .hasMessage(
              "port %s is taken: the node cannot listen for HTTP on 127.0.0.1:%s", port, port);
      settings.set("spendwatch.http.port", "0");
      settings.set("spendwatch.cluster.port", port);
      assertThatThrownBy(NodeIT::start)
          .isInstanceOf(OperatorException.class)
          .hasMessageStartingWith("port %s is taken: the node cannot listen for the cluster", port);
      settings.set("spendwatch.cluster.port", "0");
      settings.set("spendwatch.cluster.management-port", port);
      assertThatThrownBy(NodeIT::start)
          .isInstanceOf(OperatorException.class)
          .hasMessageStartingWith(
              "port %s is taken: the node cannot listen for its cluster's questions", port);
    }
  }

  private static Node start() {
    return Node.start(Configuration.load(), InstantSource.system());
  }

  private static void spend(TestBed bed) throws Exception {
    long nowMs = System.currentTimeMillis();
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      byte[] key = "u1".getBytes(UTF_8);
      producer
          .send(
              new ProducerRecord<>(
                  bed.topics().balances(),
                  key,
                  BalanceCodec.encode(new Balance("u1", "user", 10_000, "USD", nowMs - 10_000))))
          .get();
      // Else the first transactions might come before there is an account.
      await().atMost(PATIENCE).until(() -> accounts(bed) == 1);
      for (var transaction :
          List.of(
              new Transaction(
                  "t1", "u1", 10_000, "USD", nowMs, TransactionKind.PURCHASE, null, null),
              new Transaction(
                  "t2", "u1", 1, "USD", nowMs + 1, TransactionKind.PURCHASE, null, null))) {
        producer
            .send(
                new ProducerRecord<>(
                    bed.topics().transactions(), key, TransactionCodec.encode(transaction)))
            .get();
      }
    }
  }

  private static int accounts(TestBed bed) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT count(*) FROM spendwatch.accounts")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  private static HttpResponse<String> get(Node node, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.httpPort() + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }
}
