package io.spendwatch.ops.questions;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Money;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a whole node answers about users, held against the tables. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QuestionsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int USERS = 120;
  private static final String ODD = "a b/\u00e4\uD83D\uDE00?%";

  private final HttpClient client = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final List<String> userIds = new ArrayList<>();
  private final long nowMs = System.currentTimeMillis();
  private NodeSettings settings;
  private TestBed bed;
  private Node node;

  @BeforeAll
  void spend(TestBed testBed) throws Exception {
    bed = testBed;
    // So few that not all are awake.
    settings = NodeSettings.of(bed).set("spendwatch.actors.awake-users-max", "60");
    for (int user = 0; user < USERS; user++) {
      userIds.add("u" + user);
    }
    userIds.add(ODD);
    try (Connection connection = bed.database().connect("test");
        PreparedStatement insert =
            connection.prepareStatement(
                "INSERT INTO spendwatch.accounts (user_id, username, currency, balance_minor,"
                    + " as_of) VALUES (?, ?, 'USD', ?, to_timestamp(0))")) {
      // Every tenth has no account.
      for (int user = 0; user < userIds.size(); user++) {
        if (user % 10 != 9) {
          insert.setString(1, userIds.get(user));
          insert.setString(2, "name of " + user);
          insert.setLong(3, 20_000 + 100L * user);
          insert.addBatch();
        }
      }
      for (String userId : List.of("saver", "idle")) {
        insert.setString(1, userId);
        insert.setString(2, null);
        insert.setLong(3, 1);
        insert.addBatch();
      }
      insert.executeBatch();
    }
    node = Node.start(Configuration.load(), InstantSource.system());
    await().atMost(PATIENCE).until(() -> node.status().node().state() == State.READY);
    var random = new Random(17);
    var transactions = new ArrayList<Transaction>();
    for (int i = 0; i < 1_500; i++) {
      transactions.add(
          new Transaction(
              "t" + i,
              userIds.get(random.nextInt(userIds.size())),
              1 + random.nextInt(5_000),
              "USD",
              nowMs - 108_000_000L + i * 72_000L - random.nextInt(4) * 600_000L,
              random.nextInt(5) == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
              null,
              null));
    }
    send(transactions);
  }

  @AfterAll
  void stop() throws Exception {
    client.close();
    settings.close();
    if (node != null) {
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void answersAboutUsersEqualTheTablesWhetherTheyAreAwakeOrNot() throws Exception {
    Set<String> sources = new HashSet<>();
    int open = 0;
    try (Connection connection = bed.database().connect("test")) {
      for (String userId : userIds) {
        JsonNode user = json.readTree(get("/api/v1/users/" + encoded(userId)).body());
        sources.add(user.get("source").asText());
        assertThat(user.get("userId").asText()).isEqualTo(userId);
        try (ResultSet stored = stored(connection, userId, user.get("streamTime").asText())) {
          assertThat(stored.next()).isTrue();
          long exposureMinor = stored.getLong("exposure");
          assertThat(user.get("exposure").asText())
              .as(userId)
              .isEqualTo(Money.format(exposureMinor, "USD"));
          assertThat(user.get("transactions").asInt()).isEqualTo(stored.getInt("transactions"));
          assertThat(text(user.get("username"))).isEqualTo(stored.getString("username"));
          if (stored.getString("balance_minor") == null) {
            assertThat(user.get("balance").isNull()).isTrue();
            assertThat(user.get("headroom").isNull()).isTrue();
            assertThat(user.get("ratio").isNull()).isTrue();
          } else {
            long balanceMinor = stored.getLong("balance_minor");
            assertThat(user.get("balance").asText()).isEqualTo(Money.format(balanceMinor, "USD"));
            assertThat(user.get("headroom").asText())
                .isEqualTo(Money.format(balanceMinor - exposureMinor, "USD"));
            assertThat(user.get("balanceVersion").asLong())
                .isEqualTo(stored.getLong("balance_version"));
            assertThat(user.get("ratio").decimalValue().doubleValue())
                .isCloseTo(
                    (double) exposureMinor / balanceMinor,
                    org.assertj.core.data.Offset.offset(0.0001));
          }
          JsonNode episode = user.get("openEpisode");
          assertThat(text(episode.path("episodeId"))).isEqualTo(stored.getString("episode_id"));
          if (!episode.isNull()) {
            open++;
            assertThat(text(episode.get("transactionId"))).isEqualTo(stored.getString("opened_by"));
            assertThat(new BigDecimal(episode.get("exposure").asText()))
                .isGreaterThan(new BigDecimal(episode.get("balance").asText()));
          }
        }
      }
    }
    assertThat(sources).containsExactlyInAnyOrder("memory", "tables");
    assertThat(open).isPositive();
    JsonNode idle = json.readTree(get("/api/v1/users/idle").body());
    assertThat(idle.get("exposure").asText()).isEqualTo("0.00");
    assertThat(idle.get("balance").asText()).isEqualTo("0.01");
    assertThat(get("/api/v1/users/nobody").statusCode()).isEqualTo(404);
  }

  @Test
  void aCheckSaysWhatTheRecordThenGets() throws Exception {
    String userId = "saver";
    long atMs = nowMs + 60_000;
    JsonNode within = check(userId, "c1", "0.01", atMs);
    assertThat(within.get("outcome").asText()).isEqualTo("WITHIN");
    assertThat(within.get("headroomAfter").asText()).isEqualTo("0.00");
    assertThat(within.get("degraded").asBoolean()).isFalse();
    assertThat(check(userId, "c1", "0.02", atMs).get("outcome").asText()).isEqualTo("EXCEEDS");
    assertThat(check("nobody", "c1", "0.02", atMs).get("outcome").asText()).isEqualTo("NO_ACCOUNT");
    String command = "http://127.0.0.1:" + node.httpPort();
    assertThat(run("check", userId, "0.01", "USD", "--url", command)).isZero();
    assertThat(run("check", userId, "0.02", "USD", "--url", command)).isEqualTo(1);
    assertThat(run("check", userId, "0.02", "EUR", "--url", command)).isEqualTo(2);
    assertThat(run("check", "nobody", "0.02", "USD", "--url", command)).isEqualTo(3);
    assertThat(run("user", ODD, "--url", command)).isZero();
    assertThat(run("user", "nobody", "--url", command)).isEqualTo(1);
    assertThat(run("top", "--by", "excess", "--url", command)).isZero();
    send(
        List.of(
            new Transaction("c1", userId, 2, "USD", atMs, TransactionKind.PURCHASE, null, null)));
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT verdict::text, exposure_minor FROM spendwatch.transactions WHERE user_id ="
                    + " 'saver'")) {
      assertThat(row.next()).isTrue();
      assertThat(row.getString(1)).isEqualTo("BREACH");
      assertThat(row.getLong(2)).isEqualTo(2);
      assertThat(row.next()).isFalse();
    }
    assertThat(check(userId, "c1", "0.02", atMs).get("outcome").asText()).isEqualTo("DUPLICATE");
  }

  @Test
  void whoIsNearestToTheirLimitIsThereWithTheFiguresOfTheUser() throws Exception {
    JsonNode top = json.readTree(get("/api/v1/top?by=ratio&limit=5").body());
    assertThat(top.get("missingPartitions")).isEmpty();
    assertThat(top.get("items")).hasSize(5);
    BigDecimal before = null;
    for (JsonNode item : top.get("items")) {
      BigDecimal ratio = item.get("ratio").decimalValue();
      assertThat(before == null || before.compareTo(ratio) >= 0).isTrue();
      before = ratio;
      JsonNode user =
          json.readTree(get("/api/v1/users/" + encoded(item.get("userId").asText())).body());
      assertThat(item.get("exposure")).isEqualTo(user.get("exposure"));
      assertThat(item.get("balance")).isEqualTo(user.get("balance"));
    }
  }

  /** Sums over the 24 h that end at this stream time, and all else that an answer says. */
  private static ResultSet stored(Connection connection, String userId, String streamTime)
      throws SQLException {
    PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT account.username, account.balance_minor, account.balance_version,
                   coalesce(sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END), 0) AS exposure,
                   count(t.transaction_id) AS transactions, min(raised.episode_id) AS episode_id,
                   min(raised.transaction_id) AS opened_by
              FROM (VALUES (?)) AS asked (user_id)
              LEFT JOIN spendwatch.accounts AS account ON account.user_id = asked.user_id
              LEFT JOIN spendwatch.transactions AS t ON t.user_id = asked.user_id
               AND t.event_time > ?::timestamptz - interval '24 hours' AND t.event_time <= ?::timestamptz
              LEFT JOIN LATERAL (
                     SELECT episode_id, transaction_id
                       FROM spendwatch.alerts AS a
                      WHERE a.user_id = asked.user_id AND a.type = 'RAISED' AND NOT EXISTS (
                              SELECT FROM spendwatch.alerts AS c
                               WHERE c.user_id = a.user_id AND c.episode_id = a.episode_id AND c.type = 'CLEARED')
                   ) AS raised ON true
             GROUP BY 1, 2, 3\
            """);
    query.closeOnCompletion();
    query.setString(1, userId);
    query.setString(2, streamTime);
    query.setString(3, streamTime);
    return query.executeQuery();
  }

  /** Null for null, and for what is not there. */
  private static String text(JsonNode node) {
    return node.isNull() || node.isMissingNode() ? null : node.asText();
  }

  private void send(List<Transaction> transactions) throws Exception {
    long before = stored();
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (Transaction transaction : transactions) {
        var _ =
            producer.send(
                new ProducerRecord<>(
                    bed.topics().transactions(),
                    transaction.userId().getBytes(UTF_8),
                    TransactionCodec.encode(transaction)));
      }
    }
    await().atMost(PATIENCE).until(() -> stored() == before + transactions.size());
  }

  private long stored() throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery("SELECT count(*) FROM spendwatch.transactions")) {
      count.next();
      return count.getLong(1);
    }
  }

  private JsonNode check(String userId, String transactionId, String amount, long atMs)
      throws Exception {
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(uri("/api/v1/check"))
                .header("X-Deadline-Ms", "5000")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        json.writeValueAsString(
                            Map.of(
                                "transactionId",
                                transactionId,
                                "userId",
                                userId,
                                "amount",
                                amount,
                                "currency",
                                "USD",
                                "eventTime",
                                atMs))))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return json.readTree(response.body());
  }

  private static int run(String... args) {
    return Spendwatch.run(Spendwatch.COMMANDS, args);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + node.httpPort() + path);
  }

  private static String encoded(String userId) {
    return URLEncoder.encode(userId, UTF_8).replace("+", "%20");
  }
}
