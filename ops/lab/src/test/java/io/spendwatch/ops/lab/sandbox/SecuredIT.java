package io.spendwatch.ops.lab.sandbox;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.cli.Lab;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import picocli.CommandLine;

/**
 * Servers that let in nobody without TLS and a password, and a Kafka on which each user may what
 * docs/security.md says and nothing else. All of it works so, by the settings that the sandbox
 * prints.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecuredIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String LOGIN = "spendwatch.kafka.property-files.sasl.jaas.config";

  private final Map<String, String> settings = new LinkedHashMap<>();
  private DataDirectory directory;
  private TokenIssuer issuer;
  private Secured secured;
  private EmbeddedServers servers;

  @BeforeAll
  void start() throws Exception {
    directory = DataDirectory.temporary();
    issuer =
        TokenIssuer.start(
            directory.root().resolve("keys.json"),
            Map.of(Secured.NODE, "a secret of the node's", Secured.MIGRATION, "another"));
    Map<String, String> broker = new HashMap<>(issuer.broker());
    // A connection's login is good for so long: then it is asked for again.
    broker.put("listener.name.plaintext.scram-sha-512.connections.max.reauth.ms", "3000");
    secured = Secured.in(directory.root().resolve("secure"), broker);
    servers = EmbeddedServers.start(directory, 0, 0, Optional.of(secured));
    Map<String, String> environment = servers.environment();
    assertThat(environment.toString())
        .doesNotContain(secured.postgresPassword(), secured.password(Secured.NODE));
    // As reference.conf has them, which the JVM's own properties override.
    set("kafka.bootstrap-servers", environment.get("SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS"));
    set(
        "kafka.properties.security.protocol",
        environment.get("SPENDWATCH_KAFKA_SECURITY_PROTOCOL"));
    set("kafka.properties.sasl.mechanism", environment.get("SPENDWATCH_KAFKA_SASL_MECHANISM"));
    set(
        "kafka.property-files.sasl.jaas.config",
        environment.get("SPENDWATCH_KAFKA_SASL_JAAS_CONFIG_FILE"));
    set(
        "kafka.properties.ssl.truststore.type",
        environment.get("SPENDWATCH_KAFKA_SSL_TRUSTSTORE_TYPE"));
    set(
        "kafka.properties.ssl.truststore.location",
        environment.get("SPENDWATCH_KAFKA_SSL_TRUSTSTORE_LOCATION"));
    set("postgres.uri", environment.get("SPENDWATCH_PG_URI").replace("'", ""));
    set("postgres.password-file", environment.get("SPENDWATCH_PG_PASSWORD_FILE"));
    set("http.port", Integer.toString(Ports.free()));
    assertThat(environment).hasSize(9);
  }

  @AfterAll
  void stop() {
    settings.keySet().forEach(System::clearProperty);
    ConfigFactory.invalidateCaches();
    if (servers != null) {
      servers.close();
    }
    issuer.close();
    directory.close();
  }

  private void set(String key, String value) {
    settings.put("spendwatch." + key, value);
    System.setProperty("spendwatch." + key, value);
  }

  /** From an empty server to an alert that a subscriber reads, each as their own user. */
  @Test
  void aNodeWorksWithWhatTheListAllowsIt() throws Exception {
    migrate();
    Node node = Node.start(Configuration.load(), InstantSource.system());
    try {
      await().atMost(PATIENCE).until(() -> node.status().node().state() == State.READY);
      List<AlertTail.Received> alerts = new ArrayList<>();
      Map<String, Object> subscriber = client(Secured.SUBSCRIBER);
      try (AlertTail tail = AlertTail.open(subscriber, Topics.DEFAULT.alerts(), true)) {
        spend("u1");
        await()
            .atMost(PATIENCE)
            .until(() -> alerts.addAll(tail.poll(Duration.ofMillis(100))) || !alerts.isEmpty());
      }
      assertThat(alerts.getFirst().alert().userId()).isEqualTo("u1");
      assertThat(run("audit")).contains("lean");
      assertThat(run("dead-letters", "list")).contains("MALFORMED_JSON");
      String replayed = run("dead-letters", "replay", "--reason", "MALFORMED_JSON", "--yes");
      assertThat(replayed).contains("1");
      assertThat(run("doctor", "--json")).doesNotContain("uthoriz", "could not look");
    } finally {
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  /** Who may make topics is somebody else. */
  private void migrate() throws Exception {
    String own = System.getProperty(LOGIN);
    Path migration =
        Files.writeString(directory.root().resolve("migration.jaas"), login(Secured.MIGRATION));
    System.setProperty(LOGIN, migration.toString());
    assertThat(run("migrate", "--partitions", "2")).contains("transactions");
    System.setProperty(LOGIN, own);
  }

  private String login(String user) {
    return secured.client(user).get("sasl.jaas.config");
  }

  /** Refused, a node goes on with what its file has by then; nobody starts it anew. */
  @Test
  void aPasswordThatWasExchangedIsReadAgain() throws Exception {
    migrate();
    String own = System.getProperty(LOGIN);
    String before = secured.password(Secured.NODE);
    String after = "Xk7-another-of-the-nodes";
    Path file = Files.writeString(directory.root().resolve("exchanged.jaas"), login(Secured.NODE));
    System.setProperty(LOGIN, file.toString());
    ConfigFactory.invalidateCaches();
    Node node = Node.start(Configuration.load(), InstantSource.system());
    try {
      await().atMost(PATIENCE).until(() -> node.status().node().state() == State.READY);
      exchange(after);
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  node.status().node().waitingFor().stream()
                      .anyMatch(what -> what.contains("uthentication")));
      Files.writeString(file, login(Secured.NODE).replace(before, after));
      await().atMost(PATIENCE).until(() -> node.status().node().state() == State.READY);
      List<AlertTail.Received> alerts = new ArrayList<>();
      try (AlertTail tail =
          AlertTail.open(client(Secured.SUBSCRIBER), Topics.DEFAULT.alerts(), true)) {
        spend("u3");
        await()
            .atMost(PATIENCE)
            .until(
                () -> {
                  alerts.addAll(tail.poll(Duration.ofMillis(100)));
                  return alerts.stream().anyMatch(alert -> alert.alert().userId().equals("u3"));
                });
      }
    } finally {
      exchange(before);
      Files.writeString(file, login(Secured.NODE));
      System.setProperty(LOGIN, own);
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  /** By one client, whose connections then begin with what its file has by then. */
  @Test
  void certificatesThatWereRenewedAreReadAgain() throws Exception {
    Path trusted = directory.root().resolve("trusted.crt");
    var _ = Certificates.authority(directory.root(), "others");
    Files.copy(directory.root().resolve("others.crt"), trusted);
    String own = System.getProperty("spendwatch.kafka.properties.ssl.truststore.location");
    System.setProperty("spendwatch.kafka.properties.ssl.truststore.location", trusted.toString());
    ConfigFactory.invalidateCaches();
    Map<String, Object> properties = Configuration.load().streams().kafka().clientProperties();
    System.setProperty("spendwatch.kafka.properties.ssl.truststore.location", own);
    try (Admin admin = Admin.create(properties)) {
      assertThatThrownBy(() -> admin.describeCluster().nodes().get())
          .hasCauseInstanceOf(SslAuthenticationException.class);
      Files.copy(secured.authority(), trusted, StandardCopyOption.REPLACE_EXISTING);
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> !admin.describeCluster().nodes().get().isEmpty());
    }
  }

  /** Who has a connection is asked again when its login has been good for long enough. */
  private void exchange(String after) throws Exception {
    try (Admin admin = Admin.create(client(Secured.ADMIN))) {
      var _ =
          admin
              .alterUserScramCredentials(
                  List.of(
                      new UserScramCredentialUpsertion(
                          Secured.NODE,
                          new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192),
                          after)))
              .all()
              .get();
    }
  }

  /** The same list, for names that an issuer vouches for. */
  @Test
  void aNodeWorksWithTokensOfAnIssuer() throws Exception {
    Map<String, String> before = new LinkedHashMap<>(settings);
    Path secret = directory.root().resolve("client-secret");
    System.clearProperty("spendwatch.kafka.property-files.sasl.jaas.config");
    set("kafka.properties.sasl.mechanism", "OAUTHBEARER");
    set("kafka.properties.sasl.oauthbearer.token.endpoint.url", issuer.tokenEndpoint());
    set(
        "kafka.property-files.sasl.oauthbearer.client.credentials.client.secret",
        secret.toString());
    try {
      setClient(Secured.MIGRATION, secret, "another");
      assertThat(run("migrate", "--partitions", "2")).contains("partitions: 2 in force");
      setClient(Secured.NODE, secret, "a secret of the node's\n");
      assertThat(run("migrate", "--partitions", "4")).contains("uthoriz");
      int given = issuer.given();
      Node node = Node.start(Configuration.load(), InstantSource.system());
      try {
        await().atMost(PATIENCE).until(() -> node.status().node().state() == State.READY);
        List<AlertTail.Received> alerts = new ArrayList<>();
        try (AlertTail tail =
            AlertTail.open(client(Secured.SUBSCRIBER), Topics.DEFAULT.alerts(), true)) {
          spend("u2");
          await()
              .atMost(PATIENCE)
              .until(
                  () -> {
                    alerts.addAll(tail.poll(Duration.ofMillis(100)));
                    return alerts.stream().anyMatch(alert -> alert.alert().userId().equals("u2"));
                  });
        }
        assertThat(run("audit")).contains("lean");
        assertThat(run("dead-letters", "list")).contains("MALFORMED_JSON");
        assertThat(run("print-config"))
            .contains(issuer.tokenEndpoint())
            .doesNotContain("a secret of the node's");
      } finally {
        node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
      }
      assertThat(issuer.given()).isGreaterThan(given);

      // Refused in words: by the issuer, and by the broker.
      setClient(Secured.NODE, secret, "a wrong one");
      assertThat(run("audit")).contains("Kafka at").contains("401").doesNotContain("a wrong one");
      Path token = directory.root().resolve("token");
      set("kafka.properties.sasl.oauthbearer.token.endpoint.url", token.toUri().toString());
      for (String refused :
          List.of(
              issuer.token(Secured.NODE, "another audience"), TokenIssuer.forged(Secured.NODE))) {
        Files.writeString(token, refused);
        assertThat(run("audit"))
            .contains("Kafka at")
            .contains("invalid_token")
            .doesNotContain(refused);
      }
      Files.writeString(token, issuer.token(Secured.NODE, TokenIssuer.AUDIENCE));
      assertThat(run("audit")).contains("lean");
    } finally {
      settings.keySet().forEach(System::clearProperty);
      settings.clear();
      before.forEach((key, value) -> set(key.substring("spendwatch.".length()), value));
    }
  }

  private void setClient(String id, Path file, String secret) throws Exception {
    Files.writeString(file, secret);
    set("kafka.properties.sasl.oauthbearer.client.credentials.client.id", id);
  }

  /** What is not on the list, nobody may. */
  @Test
  void whatIsNotOnTheListIsDenied() throws Exception {
    for (String user : List.of(Secured.NODE, Secured.PRODUCER, Secured.SUBSCRIBER)) {
      try (Admin admin = Admin.create(client(user))) {
        assertDenied(admin.createTopics(List.of(new NewTopic("another", 1, (short) 1))).all()::get);
        assertDenied(admin.deleteTopics(List.of(Topics.DEFAULT.alerts())).all()::get);
        assertDenied(admin.describeAcls(AclBindingFilter.ANY).values()::get);
        assertDenied(admin.deleteConsumerGroups(List.of("spendwatch")).all()::get);
      }
    }
    assertDenied(() -> send(Secured.PRODUCER, Topics.DEFAULT.alerts()));
    assertDenied(() -> send(Secured.PRODUCER, Topics.DEFAULT.transactionsDeadLetters()));
    assertDenied(() -> send(Secured.SUBSCRIBER, Topics.DEFAULT.transactions()));
    assertDenied(() -> send(Secured.MIGRATION, Topics.DEFAULT.transactions()));
  }

  @Test
  void nobodyComesInWithoutTlsAndTheirPassword() {
    Map<String, Object> wrong = client(Secured.NODE);
    wrong.put(
        "sasl.jaas.config",
        wrong.get("sasl.jaas.config").toString().replace(secured.password(Secured.NODE), "wrong"));
    assertThatThrownBy(() -> describe(wrong)).hasMessageContaining("Authentication failed");
    Map<String, Object> plain =
        new HashMap<>(Map.of("bootstrap.servers", servers.bootstrapServers()));
    plain.put("default.api.timeout.ms", "3000");
    plain.put("request.timeout.ms", "2000");
    assertThatThrownBy(() -> describe(plain)).isInstanceOf(ExecutionException.class);
    String uri = servers.postgres().uri();
    assertThatThrownBy(() -> PostgresAddress.parse(uri, "", "").connect("test").close())
        .hasMessageContaining("no encryption");
    assertThatThrownBy(
            () -> PostgresAddress.parse(servers.postgresUri(), "", "wrong").connect("test").close())
        .hasMessageContaining("password");
  }

  @Test
  void keysAndPasswordsAreTheirOwnersAlone() throws Exception {
    try (Stream<Path> files = Files.list(directory.root().resolve("secure"))) {
      assertThat(files.filter(file -> file.toString().matches(".*\\.(password|key|pem|jaas)")))
          .hasSizeGreaterThan(6)
          .allSatisfy(
              file ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                      .isEqualTo("rw-------"));
    }
  }

  /** Whoever has a login on this machine sees the arguments of all processes. */
  @Test
  void noProcessHasASecretAmongItsArguments() throws Exception {
    List<String> secrets = new ArrayList<>(List.of(secured.postgresPassword()));
    for (String user : List.of(Secured.ADMIN, Secured.NODE, Secured.MIGRATION, Secured.PRODUCER)) {
      secrets.add(secured.password(user));
    }
    List<String> all = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        try {
          all.add(Files.readString(process.resolve("cmdline"), ISO_8859_1));
        } catch (IOException e) {
          // It has ended meanwhile.
          assertThat(process.resolve("cmdline")).doesNotExist();
        }
      }
    }
    assertThat(all)
        .as("the broker and the server are among them")
        .anyMatch(line -> line.contains("kafka"))
        .anyMatch(line -> line.contains("postgres"))
        .allSatisfy(line -> assertThat(line).doesNotContain(secrets));
  }

  /** So that who sets up another Kafka by the document has what was tried here. */
  @Test
  void theDocumentHasTheSameList() throws Exception {
    String document = Files.readString(Path.of("..", "..", "docs", "security.md"));
    assertThat(Secured.aclLines())
        .hasSizeGreaterThan(10)
        .allSatisfy(line -> assertThat(document).contains("    " + line + "\n"));
  }

  private void spend(String userId) throws Exception {
    long nowMs = System.currentTimeMillis();
    byte[] key = userId.getBytes(UTF_8);
    try (var producer = producer(Secured.PRODUCER)) {
      var balance = new Balance(userId, "user", 10_000, "USD", nowMs - 10_000);
      var transaction =
          new Transaction("t1", userId, 10_001, "USD", nowMs, TransactionKind.PURCHASE, null, null);
      producer
          .send(new ProducerRecord<>(Topics.DEFAULT.balances(), key, BalanceCodec.encode(balance)))
          .get();
      producer
          .send(
              new ProducerRecord<>(
                  Topics.DEFAULT.transactions(), key, TransactionCodec.encode(transaction)))
          .get();
      producer
          .send(new ProducerRecord<>(Topics.DEFAULT.transactions(), key, "{".getBytes(UTF_8)))
          .get();
    }
  }

  private void send(String user, String topic) throws Exception {
    try (var producer = producer(user)) {
      producer.send(new ProducerRecord<>(topic, new byte[1], new byte[1])).get();
    }
  }

  private KafkaProducer<byte[], byte[]> producer(String user) {
    return new KafkaProducer<>(client(user), new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static void describe(Map<String, Object> properties) throws Exception {
    try (Admin admin = Admin.create(properties)) {
      var _ = admin.describeCluster().nodes().get();
    }
  }

  private Map<String, Object> client(String user) {
    Map<String, Object> properties = new HashMap<>(secured.client(user));
    properties.put("bootstrap.servers", servers.bootstrapServers());
    return properties;
  }

  private interface Deed {
    void attempt() throws Exception;
  }

  private static void assertDenied(Deed deed) {
    assertThatThrownBy(deed::attempt)
        .rootCause()
        .satisfiesAnyOf(
            cause -> assertThat(cause).isInstanceOf(AuthorizationException.class),
            cause -> assertThat(cause).hasMessageContaining("uthoriz"));
  }

  /** What it says on both outputs. */
  private static String run(String... arguments) {
    ConfigFactory.invalidateCaches();
    var said = new StringWriter();
    var writer = new PrintWriter(said, true);
    CommandLine commandLine = Spendwatch.commandLine(Lab.commands());
    commandLine.setOut(writer);
    commandLine.setErr(writer);
    int _ = commandLine.execute(arguments);
    return said.toString();
  }
}
