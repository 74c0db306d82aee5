package io.spendwatch.ops.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.cli.Lab;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.io.PrintWriter;
import java.io.StringWriter;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What a node answers from its tables and topics, of what it has decided itself. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecordsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Instant T = Instant.parse("2024-07-12T00:00:00Z");

  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<String, String> alertsOnTopic = new HashMap<>();
  private TestBed bed;
  private NodeSettings settings;
  private KafkaProducer<byte[], byte[]> producer;
  private Node node;
  private int sent;

  @BeforeAll
  void spend(TestBed testBed) throws Exception {
    bed = testBed;
    settings = NodeSettings.of(bed);
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    node = Node.start(Configuration.load(), InstantSource.system());
    List<String> users = List.of("u1", "open", "late", "=evil()", "busy");
    for (String user : users) {
      balance(user, 100_00, T.minus(Duration.ofDays(1)));
    }
    await().atMost(PATIENCE).until(() -> number("SELECT count(*) FROM spendwatch.accounts") == 5);

    purchase("u1", "a1", 0, 60_00, "m-1");
    purchase("u1", "a2", 60, 50_00, "m-2");
    send("u1", "a3", 120, 20_00, TransactionKind.REFUND, "m-2");
    purchase("u1", "a4", 23 * 60, 1_00, null);
    purchase("open", "o1", 0, 300_00, "m-1");
    purchase("late", "l1", 0, 60_00, null);
    purchase("late", "l3", 120, 10_00, null);
    purchase("late", "l2", 60, 50_00, null);
    purchase("=evil()", "=1+1", 0, 100_01, "m-1");
    for (int i = 0; i < 120; i++) {
      purchase("busy", "b" + i, i / 3, 1, null);
    }
    await()
        .atMost(PATIENCE)
        .until(() -> number("SELECT count(*) FROM spendwatch.transactions") == sent);
    readAlertTopic();
    insertAlerts();
  }

  /** Once each is readable, all rows are there. */
  private void readAlertTopic() {
    Map<String, Object> kafka = Map.of("bootstrap.servers", bed.bootstrapServers());
    try (AlertTail tail = AlertTail.open(kafka, bed.topics().alerts(), true)) {
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                tail.poll(Duration.ofMillis(200))
                    .forEach(it -> alertsOnTopic.put(it.alert().alertId(), it.json()));
                return alertsOnTopic.size() == 5;
              });
    }
  }

  /** Many of a year later, ten at each instant. */
  private void insertAlerts() throws SQLException {
    insertAlerts("p", "2025-07-12T00:00:00Z", 230);
  }

  private void insertAlerts(String prefix, String at, int count) throws SQLException {
    execute(
        String.format(
            """
            INSERT INTO spendwatch.alerts (alert_id, type, rule, episode_id, user_id, transaction_id, exposure_minor,
                   balance_minor, currency, transactions, window_start, event_time, detected_at, late, kafka_topic,
                   kafka_partition, kafka_offset, partition_seq)
            SELECT '%1$s-' || i, 'RAISED', 'exposure-24h', '%1$s-' || i, 'many', 't' || i, 200 + i, 100, 'USD', 1,
                   at - interval '24 hours', at, at, false, 'transactions', 99, i, i + extract(epoch FROM at)::bigint
              FROM generate_series(1, %3$d) AS i
             CROSS JOIN LATERAL (SELECT '%2$s'::timestamptz + i / 10 * interval '1 minute') AS instant (at)
            """,
            prefix, at, count));
  }

  @AfterAll
  void end() throws Exception {
    node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    producer.close();
    client.close();
    settings.close();
  }

  @Test
  void aListPagesThroughWhileRowsAreAdded() throws Exception {
    List<String> ids = new ArrayList<>();
    String next = null;
    int pages = 0;
    do {
      JsonNode page =
          json("/api/v1/alerts?userId=many&limit=37" + (next == null ? "" : "&cursor=" + next));
      page.get("items").forEach(item -> ids.add(item.get("alertId").asText()));
      next = page.get("next").textValue();
      pages++;
      // Newer ones, that belong before the first page, and one at an instant that has been passed.
      insertAlerts("newer" + pages, "2025-08-" + (10 + pages) + "T00:00:00Z", 12);
    } while (next != null);
    List<String> first = ids.stream().filter(id -> id.startsWith("p-")).toList();
    assertThat(first).hasSize(230).doesNotHaveDuplicates().isEqualTo(ids);
    assertThat(first.getFirst()).isEqualTo("p-230");
    execute("DELETE FROM spendwatch.alerts WHERE alert_id LIKE 'newer%'");
    assertThat(allIds("/api/v1/alerts?limit=500")).hasSize(235).doesNotHaveDuplicates();
  }

  @Test
  void aUsersTransactionsPageThroughTheirTies() throws Exception {
    List<String> ids = new ArrayList<>();
    String next = null;
    do {
      JsonNode page =
          json("/api/v1/users/busy/transactions?limit=7" + (next == null ? "" : "&cursor=" + next));
      page.get("items").forEach(item -> ids.add(item.get("transactionId").asText()));
      next = page.get("next").textValue();
    } while (next != null);
    assertThat(ids).hasSize(120).doesNotHaveDuplicates();
    assertThat(ids.subList(0, 3)).containsExactlyInAnyOrder("b117", "b118", "b119");
    assertThat(
            json("/api/v1/users/busy/transactions?from=2024-07-12T00:01:00Z&to=2024-07-12T00:02:00Z")
                .get("items"))
        .hasSize(3);
  }

  @Test
  void aTransactionIsWhatWasDecided() throws Exception {
    JsonNode first = json("/api/v1/users/u1/transactions").get("items").get(2);
    assertThat(first.get("ingestedAt").asText()).matches(".*\\.\\d{3}Z");
    assertThat(first.get("source").get("topic").asText()).isEqualTo(bed.topics().transactions());
    assertThat(first.toString())
        .startsWith(
            "{\"transactionId\":\"a2\",\"userId\":\"u1\",\"amount\":\"50.00\",\"currency\":\"USD\","
                + "\"eventTime\":\"2024-07-12T01:00:00.000Z\",\"kind\":\"PURCHASE\",\"merchant\":\"m-2\","
                + "\"originalTransactionId\":null,\"exposure\":\"110.00\",\"balance\":\"100.00\","
                + "\"balanceVersion\":1,\"verdict\":\"BREACH\"");
    assertThat(json("/api/v1/users/nobody/transactions").toString())
        .isEqualTo("{\"items\":[],\"next\":null}");
  }

  @Test
  void anAlertIsAsOnItsTopic() throws Exception {
    for (Map.Entry<String, String> alert : alertsOnTopic.entrySet()) {
      assertThat(get("/api/v1/alerts/" + alert.getKey()).body()).isEqualTo(alert.getValue());
      assertThat(get("/api/v1/alerts/" + alert.getKey().substring(0, 13)).body())
          .isEqualTo(alert.getValue());
    }
    String listed = get("/api/v1/alerts?to=2025-01-01T00:00:00Z").body();
    assertThat(listed).startsWith("{\"items\":[{\"alertId\"").endsWith("],\"next\":null}");
    alertsOnTopic.values().forEach(json -> assertThat(listed).contains(json));
    assertThat(json("/api/v1/users/u1/alerts").get("items")).hasSize(2);
    assertThat(get("/api/v1/alerts/ffff0000").statusCode()).isEqualTo(404);
    assertThat(get("/api/v1/alerts/ffff0000/explanation").statusCode()).isEqualTo(404);
  }

  @Test
  void filters() throws Exception {
    String early = "&to=2025-01-01T00:00:00Z";
    assertThat(users("type=CLEARED" + early)).containsExactly("u1");
    assertThat(users("late=true" + early)).containsExactly("late");
    assertThat(users("open=true" + early)).containsExactlyInAnyOrder("late", "open", "=evil()");
    assertThat(users("open=true&userId=open")).containsExactly("open");
    assertThat(users("open=true&userId=u1")).isEmpty();
    assertThat(users("minExcess=200" + early)).containsExactly("open");
    assertThat(users("minExcess=200.01" + early)).isEmpty();
    assertThat(users("minExcess=0" + early)).hasSize(4);
    assertThat(users("merchant=m-1" + early)).containsExactlyInAnyOrder("open", "=evil()");
    assertThat(users("merchant=m-2" + early)).containsExactly("u1", "u1");
    assertThat(users("from=2024-07-12T01:00:00Z&to=2024-07-12T02:00:00Z"))
        .containsExactlyInAnyOrder("u1", "late");
    assertThat(users("from=1720746000000&to=1720746000001"))
        .containsExactlyInAnyOrder("u1", "late");
  }

  @Test
  void anExplanationIsThatOfTheCommand() throws Exception {
    for (String id : alertsOnTopic.keySet()) {
      Printed printed = run("explain", id, "--json");
      assertThat(printed.status).isZero();
      assertThat(get("/api/v1/alerts/" + id + "/explanation").body())
          .isEqualTo(printed.out.strip());
    }
  }

  @Test
  void whatIsUsualForAUserIsOfTheDaysBeforeAMoment() throws Exception {
    String path = "/api/v1/users/u1/features?at=";
    await().atMost(PATIENCE).until(() -> get(path + "2024-07-13T09:00:00Z").statusCode() == 200);
    JsonNode usual = json(path + "2024-07-13T09:00:00Z");
    assertThat(usual.get("asOf").asText()).isEqualTo("2024-07-13T00:00:00.000Z");
    assertThat(usual.get("currencies")).hasSize(1);
    assertThat(usual.get("currencies").get(0).toString())
        .startsWith("{\"currency\":\"USD\",\"computedAt\":")
        .endsWith(
            "\"transactions\":4,\"daysActive\":1,\"dailySpendAverage\":\"3.03\",\"dailySpendP90\":\"0.00\","
                + "\"refundShare\":0.1802,\"usualHours\":[0,1,2,23],\"merchants\":2,\"usualMerchants\":[\"m-2\",\"m-1\"]}");
    // Nothing of that day is known at its begin.
    assertThat(get(path + "2024-07-12T23:59:59Z").statusCode()).isEqualTo(404);
    assertThat(get("/api/v1/users/nobody/features").statusCode()).isEqualTo(404);
    assertThat(get("/api/v1/users/u1/features?at=tomorrow").statusCode()).isEqualTo(400);
  }

  @Test
  void csvHasNoFormulas() throws Exception {
    HttpResponse<String> csv = get("/api/v1/alerts?userId=%3Devil()&limit=1", "Accept", "text/csv");
    assertThat(csv.headers().firstValue("Content-Type")).hasValue("text/csv; charset=UTF-8");
    assertThat(csv.body().lines()).hasSize(2);
    assertThat(csv.body()).contains(",'=evil(),'=1+1,100.01,100.00,0.01,USD,1,");
    HttpResponse<String> page = get("/api/v1/alerts?limit=200", "Accept", "text/csv");
    assertThat(page.body().lines()).hasSize(201);
    String link = page.headers().firstValue("Link").orElseThrow();
    assertThat(link).startsWith("</api/v1/alerts?limit=200&cursor=").endsWith(">; rel=\"next\"");
    assertThat(
            get(link.substring(1, link.indexOf('>')), "Accept", "text/csv, application/json;q=0.5")
                .body()
                .lines())
        .hasSize(36);
    assertThat(get("/api/v1/alerts", "Accept", "*/*").body()).startsWith("{");
  }

  @Test
  void anExposureIsTheStepsOfTheRows() throws Exception {
    JsonNode exposure =
        json("/api/v1/users/u1/exposure?from=2024-07-12T00:30:00Z&to=2024-07-13T01:30:00Z");
    assertThat(exposure.get("points").toString())
        .isEqualTo(
            "[{\"at\":\"2024-07-12T00:30:00.000Z\",\"exposure\":\"60.00\"},"
                + "{\"at\":\"2024-07-12T01:00:00.000Z\",\"exposure\":\"110.00\"},"
                + "{\"at\":\"2024-07-12T02:00:00.000Z\",\"exposure\":\"90.00\"},"
                + "{\"at\":\"2024-07-12T23:00:00.000Z\",\"exposure\":\"91.00\"},"
                + "{\"at\":\"2024-07-13T00:00:00.000Z\",\"exposure\":\"31.00\"},"
                + "{\"at\":\"2024-07-13T01:00:00.000Z\",\"exposure\":\"-19.00\"},"
                + "{\"at\":\"2024-07-13T01:30:00.000Z\",\"exposure\":\"-19.00\"}]");
    assertThat(exposure.get("balances").toString())
        .isEqualTo("[{\"at\":\"2024-07-12T00:30:00.000Z\",\"balance\":\"100.00\"}]");
    JsonNode episode = exposure.get("episodes").get(0);
    assertThat(exposure.get("episodes")).hasSize(1);
    assertThat(episode.get("since").asText()).isEqualTo("2024-07-12T01:00:00.000Z");
    assertThat(episode.get("until").asText()).isEqualTo("2024-07-12T02:00:00.000Z");
    assertThat(episode.get("exposure").asText()).isEqualTo("110.00");
    assertThat(episode.get("cause").asText()).isEqualTo("REFUND");
    assertThat(json("/api/v1/users/open/exposure").get("episodes").get(0).get("until").isNull())
        .isTrue();
    JsonNode whole = json("/api/v1/users/u1/exposure");
    assertThat(Duration.between(instant(whole, "from"), instant(whole, "to")))
        .isEqualTo(Duration.ofDays(2));
    assertThat(get("/api/v1/users/nobody/exposure").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/alerts?limit=501",
        "/api/v1/alerts?limit=0",
        "/api/v1/alerts?limit=x",
        "/api/v1/alerts?cursor=x",
        "/api/v1/alerts?type=raised",
        "/api/v1/alerts?late=yes",
        "/api/v1/alerts?minExcess=1e9",
        "/api/v1/alerts?userId=%00",
        "/api/v1/alerts?from=yesterday",
        "/api/v1/alerts?from=2024-07-13T00:00:00Z&to=2024-07-12T00:00:00Z",
        "/api/v1/users/u1/transactions?limit=1000",
        "/api/v1/users/u1/alerts?from=x",
        "/api/v1/users/u1/exposure?from=2024-07-12T00:00:00Z&to=2024-07-12T00:00:00Z",
        "/api/v1/users/u1/exposure?from=2020-07-12T00:00:00Z&to=2024-07-12T00:00:00Z",
        "/api/v1/dead-letters?topic=transactions",
        "/api/v1/dead-letters?cursor=x",
      })
  void whatIsAskedWronglyIsABadRequest(String path) throws Exception {
    HttpResponse<String> response = get(path);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    assertThat(response.body()).contains("expected");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/alerts",
        "/api/v1/users/u1/transactions",
        "/api/v1/users/u1/alerts",
        "/api/v1/users/u1/exposure",
        "/api/v1/reconciliations",
        "/api/v1/dead-letters"
      })
  void headIsGetWithoutTheBody(String path) throws Exception {
    HttpResponse<String> head =
        client.send(request(path).HEAD().build(), HttpResponse.BodyHandlers.ofString());
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValue("Content-Type")).hasValue("application/json");
  }

  @Test
  void aReconciliationRunsWhenAsked() throws Exception {
    HttpResponse<String> run = post("/api/v1/reconciliations?mode=incremental");
    assertThat(run.statusCode()).as(run.body()).isIn(200, 202, 409);
    await()
        .atMost(PATIENCE)
        .until(() -> json("/api/v1/reconciliations").get("runs").get(0).has("outcome"));
    await("a row in the trail")
        .atMost(PATIENCE)
        .until(
            () ->
                number(
                        "SELECT count(*) FROM spendwatch.operator_actions WHERE who = 'anybody' AND origin = '127.0.0.1'"
                            + " AND action = 'POST /api/v1/reconciliations' AND outcome = '"
                            + run.statusCode()
                            + "'")
                    > 0);
  }

  @Test
  void aDeadLetterIsListedShownAndReplayedOnce() throws Exception {
    String topic = bed.topics().transactionsDeadLetters();
    RecordMetadata bad =
        producer
            .send(
                new ProducerRecord<>(
                    bed.topics().transactions(),
                    "u1".getBytes(UTF_8),
                    "{\u001b[2J".getBytes(UTF_8)))
            .get();
    var _ =
        producer
            .send(
                new ProducerRecord<>(
                    bed.topics().balances(), "x".getBytes(UTF_8), "[]".getBytes(UTF_8)))
            .get();
    await().atMost(PATIENCE).until(() -> json("/api/v1/dead-letters").get("items").size() == 2);
    JsonNode letter =
        json("/api/v1/dead-letters?topic=" + topic + "&reason=MALFORMED_JSON").get("items").get(0);
    assertThat(letter.get("source").get("offset").asLong()).isEqualTo(bad.offset());
    assertThat(letter.get("key").asText()).isEqualTo("u1");
    assertThat(letter.get("replayOf").isNull()).isTrue();
    String at = letter.get("at").asText();
    assertThat(json("/api/v1/dead-letters?to=" + at + "&topic=" + topic).get("items")).isEmpty();
    assertThat(json("/api/v1/dead-letters?from=" + at + "&topic=" + topic).get("items")).hasSize(1);
    JsonNode first = json("/api/v1/dead-letters?limit=1");
    JsonNode second = json("/api/v1/dead-letters?limit=1&cursor=" + first.get("next").asText());
    assertThat(second.get("next").isNull()).isTrue();
    assertThat(first.get("items").get(0)).isNotEqualTo(second.get("items").get(0));

    String place =
        topic + "/" + letter.get("partition").asInt() + "/" + letter.get("offset").asLong();
    JsonNode whole = json("/api/v1/dead-letters/" + place);
    assertThat(whole.get("value").asText()).isEqualTo("{\u001b[2J");
    assertThat(whole.get("reason").asText()).isEqualTo("MALFORMED_JSON");
    assertThat(whole.get("headers").findValuesAsText("name")).contains("dlq.reason", "dlq.offset");
    assertThat(whole.get("replayedTo").isNull()).isTrue();
    assertThat(get("/api/v1/dead-letters/" + topic + "/0/99999").statusCode()).isEqualTo(404);
    assertThat(get("/api/v1/dead-letters/" + topic + "/9999/0").statusCode()).isEqualTo(404);
    assertThat(get("/api/v1/dead-letters/elsewhere/0/0").statusCode()).isEqualTo(404);

    Printed list = run("dead-letters", "list", "--since", "1h", "--topic", topic);
    assertThat(list.out).contains("MALFORMED_JSON", "key u1", place).doesNotContain("\u001b");
    assertThat(run("dead-letters", "show", place).out).contains("{\\u001B[2J", "MALFORMED_JSON");
    assertThat(run("dead-letters", "show", topic + "/0/99999").status).isEqualTo(1);
    Printed rehearsal = run("dead-letters", "replay", place);
    assertThat(rehearsal.status).isZero();
    assertThat(rehearsal.out).contains("1 of 1 would be put back: --yes does it");

    HttpResponse<String> replayed = post("/api/v1/dead-letters/" + place + "/replay");
    assertThat(replayed.statusCode()).as(replayed.body()).isEqualTo(200);
    String to = Json.read(replayed.body(), JsonNode.class).get("to").asText();
    assertThat(post("/api/v1/dead-letters/" + place + "/replay").statusCode()).isEqualTo(409);
    assertThat(post("/api/v1/dead-letters/" + topic + "/0/99999/replay").statusCode())
        .isEqualTo(404);
    Printed again = run("dead-letters", "replay", place, "--yes");
    assertThat(again.status).as(again.out).isEqualTo(1);
    assertThat(again.out).contains("refused: it has been put back before, to " + to);
    assertThat(json("/api/v1/dead-letters/" + place).get("replayedTo").asText()).isEqualTo(to);
    ConsumerRecord<byte[], byte[]> back = read(to);
    assertThat(new String(back.key(), UTF_8)).isEqualTo("u1");
    assertThat(new String(back.value(), UTF_8)).isEqualTo("{\u001b[2J");
    assertThat(back.headers()).hasSize(1);
    assertThat(new String(back.headers().lastHeader("dlq.replay-of").value(), UTF_8))
        .isEqualTo(place);
    // It is as bad as before: a new letter, which says what it was.
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                json("/api/v1/dead-letters?topic=" + topic)
                    .get("items")
                    .findValuesAsText("replayOf")
                    .contains(place));
    assertThat(json("/api/v1/dead-letters").get("items")).hasSize(3);
    Printed rest = run("dead-letters", "replay", "--topic", topic, "--json");
    assertThat(rest.status).isZero();
    assertThat(rest.out).contains("\"ALREADY_REPLAYED\"", "\"WOULD_BE_REPLAYED\"");
    assertThat(run("dead-letters", "replay").status).isEqualTo(2);
    assertThat(run("dead-letters", "list", "--topic", "transactions").status).isEqualTo(2);
  }

  private ConsumerRecord<byte[], byte[]> read(String place) {
    String[] words = place.split("/", -1);
    var partition = new TopicPartition(words[0], Integer.parseInt(words[1]));
    try (var consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers", bed.bootstrapServers(), "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seek(partition, Long.parseLong(words[2]));
      List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                consumer.poll(Duration.ofMillis(200)).forEach(found::add);
                return !found.isEmpty();
              });
      return found.getFirst();
    }
  }

  private List<String> users(String query) throws Exception {
    return json("/api/v1/alerts?" + query).get("items").findValuesAsText("userId");
  }

  private List<String> allIds(String path) throws Exception {
    return json(path).get("items").findValuesAsText("alertId");
  }

  private static Instant instant(JsonNode node, String field) {
    return Instant.parse(node.get(field).asText());
  }

  private JsonNode json(String path) throws Exception {
    HttpResponse<String> response = get(path);
    assertThat(response.statusCode()).as(path + " " + response.body()).isEqualTo(200);
    return Json.read(response.body(), JsonNode.class);
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = request(path).GET();
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path) throws Exception {
    return client.send(
        request(path).POST(HttpRequest.BodyPublishers.noBody()).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.httpPort() + path));
  }

  private record Printed(int status, String out) {}

  /** As a user runs it. */
  private static Printed run(String... arguments) {
    var out = new StringWriter();
    CommandLine commandLine = Spendwatch.commandLine(Lab.commands());
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(new StringWriter(), true));
    int status = commandLine.execute(arguments);
    return new Printed(status, out.toString());
  }

  private void balance(String user, long minor, Instant asOf) throws Exception {
    byte[] value = BalanceCodec.encode(new Balance(user, user, minor, "USD", asOf.toEpochMilli()));
    producer.send(new ProducerRecord<>(bed.topics().balances(), user.getBytes(UTF_8), value)).get();
  }

  private void purchase(String user, String id, int minutes, long minor, String merchant)
      throws Exception {
    send(user, id, minutes, minor, TransactionKind.PURCHASE, merchant);
  }

  private void send(
      String user, String id, int minutes, long minor, TransactionKind kind, String merchant)
      throws Exception {
    long atMs = T.plus(Duration.ofMinutes(minutes)).toEpochMilli();
    byte[] value =
        TransactionCodec.encode(
            new Transaction(id, user, minor, "USD", atMs, kind, merchant, null));
    producer
        .send(new ProducerRecord<>(bed.topics().transactions(), user.getBytes(UTF_8), value))
        .get();
    sent++;
  }

  private long number(String sql) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
