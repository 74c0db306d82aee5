package io.spendwatch.ops.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.testing.Launched;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a node that has worked tells Prometheus. */
@ExtendWith(Servers.class)
class MetricsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long HOUR = 3_600_000;
  private static final long NOW = System.currentTimeMillis();

  /** Those of the contract, but for what tells of roll-ups, replicas and archives. */
  private static final List<String> CONTRACT =
      List.of(
          "spendwatch_transactions_total{verdict}",
          "spendwatch_duplicates_total{}",
          "spendwatch_alerts_total{late,type}",
          "spendwatch_dead_letters_total{reason,topic}",
          "spendwatch_dead_letters_users{}",
          "spendwatch_lag_records{partition,topic}",
          "spendwatch_lag_seconds{partition,topic}",
          "spendwatch_stage_seconds_bucket{le,stage}",
          "spendwatch_stage_seconds_count{stage}",
          "spendwatch_stage_seconds_sum{stage}",
          "spendwatch_alert_seconds_bucket{le}",
          "spendwatch_alert_seconds_count{}",
          "spendwatch_alert_seconds_sum{}",
          "spendwatch_users_awake{}",
          "spendwatch_users_awake_bytes{}",
          "spendwatch_partition_state{partition,state}",
          "spendwatch_retries_total{server}",
          "spendwatch_lost_records_total{}",
          "spendwatch_audit_findings{kind}");

  @Test
  void saysWhatTheTablesSay(TestBed bed) throws Exception {
    try (NodeSettings _ =
        NodeSettings.of(bed)
            .set("spendwatch.audit.interval", "1 s")
            // As one that somebody has promoted.
            .set("spendwatch.postgres-replica.uri", bed.pgUri())) {
      Node node = Node.start(Configuration.load(), InstantSource.system());
      try {
        spend(bed);
        // What tells of pauses is there once there was one.
        System.gc();
        assertThat(asked(node, "/api/v1/analysis/hourly-spend").body()).contains("rollup");
        assertThat(asked(node, "/api/v1/analysis/hourly-spend?maxAge=10m").body())
            .contains("rollup");
        Map<String, Double> series = settled(node);
        assertThat(shapes(series)).containsAll(CONTRACT);

        assertThat(by(series, "spendwatch_transactions_total", "verdict"))
            .isEqualTo(
                withZeros(
                    counted(
                        bed, "SELECT verdict, count(*) FROM spendwatch.transactions GROUP BY 1"),
                    "CLEAR",
                    "BREACH",
                    "NO_ACCOUNT",
                    "TOO_LATE"))
            .containsEntry("BREACH", 2.0)
            .containsEntry("NO_ACCOUNT", 1.0)
            .containsEntry("TOO_LATE", 1.0);
        assertThat(by(series, "spendwatch_alerts_total", "type"))
            .isEqualTo(counted(bed, "SELECT type, count(*) FROM spendwatch.alerts GROUP BY 1"))
            .containsEntry("RAISED", 2.0);
        assertThat(by(series, "spendwatch_alerts_total", "late"))
            .isEqualTo(
                counted(bed, "SELECT late::text, count(*) FROM spendwatch.alerts GROUP BY 1"))
            .containsEntry("true", 1.0);
        assertThat(series).containsEntry("spendwatch_duplicates_total", 1.0);
        assertThat(
                by(series, "spendwatch_dead_letters_total", "reason").entrySet().stream()
                    .filter(reason -> reason.getValue() > 0))
            .containsExactlyInAnyOrder(
                Map.entry("MALFORMED_JSON", 3.0), Map.entry("KEY_MISMATCH", 1.0));
        assertThat(by(series, "spendwatch_dead_letters_total", "topic"))
            .isEqualTo(Map.of(bed.topics().transactions(), 3.0, bed.topics().balances(), 1.0));

        assertThat(by(series, "spendwatch_analysis_answers_total", "report"))
            .isEqualTo(Map.of("hourly-spend", 2.0));
        assertThat(by(series, "spendwatch_analysis_answers_total", "source"))
            .isEqualTo(Map.of("rollup", 2.0));
        assertThat(by(series, "spendwatch_analysis_readings_total", "report"))
            .isEqualTo(Map.of("hourly-spend", 1.0));
        assertThat(by(series, "spendwatch_analysis_shared_total", "report"))
            .isEqualTo(Map.of("hourly-spend", 1.0));
        assertThat(series).containsEntry("spendwatch_analysis_answer_seconds_count", 1.0);
        assertThat(series).containsEntry("spendwatch_replica_usable", 0.0);
        assertThat(series.get("spendwatch_replica_lag_seconds")).isNaN();
        assertThat(node.status().replica().trouble()).contains("promoted");
        assertThat(series).containsEntry("spendwatch_alert_seconds_count", 3.0);
        assertThat(series.get("spendwatch_alert_seconds_sum"))
            .isBetween(0.001, 3 * (System.currentTimeMillis() - NOW) / 1000.0);
        assertThat(by(series, "spendwatch_stage_seconds_count", "stage").keySet())
            .isEqualTo(
                Set.of("decode-transactions", "assess-exposure", "write-ledger", "publish-alerts"));
        assertThat(by(series, "spendwatch_stage_seconds_count", "stage").values())
            .allMatch(batches -> batches >= 1);
        assertThat(series).containsEntry("spendwatch_users_awake", 3.0);
        assertThat(series.get("spendwatch_users_awake_bytes")).isBetween(3_000.0, 6_000.0);
        assertThat(by(series, "spendwatch_partition_state", "state"))
            .isEqualTo(
                Map.of(
                    "running", (double) TestBed.PARTITIONS,
                    "starting", 0.0,
                    "waiting", 0.0,
                    "stopped", 0.0));
        assertThat(by(series, "spendwatch_lag_records", "topic").values()).allMatch(n -> n == 0);
        assertThat(by(series, "spendwatch_lag_seconds", "topic").values()).allMatch(n -> n == 0);
        assertThat(by(series, "spendwatch_audit_findings", "kind").values())
            .isNotEmpty()
            .allMatch(n -> n == 0);
        assertThat(series.keySet())
            .noneMatch(name -> name.contains("\"u1\"") || name.contains("\"u2\""));
        // Kafka's clients alone have thousands of their own.
        assertThat(series).hasSizeLessThan(600);

        assertThat(namesAskedFor()).isNotEmpty().isSubsetOf(names(series));
      } finally {
        node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
      }
    }
  }

  /** Once all of it is decided and the audit has run. */
  private static Map<String, Double> settled(Node node) {
    Predicate<Map<String, Double>> isSettled =
        series ->
            sum(series, "spendwatch_transactions_total") == 8
                && sum(series, "spendwatch_alerts_total") == 3
                && sum(series, "spendwatch_alert_seconds_count") == 3
                && sum(series, "spendwatch_dead_letters_total") == 4
                && sum(series, "spendwatch_audit_runs_total") > 0
                && !by(series, "spendwatch_rollup_lag_seconds", "rollup").isEmpty()
                && sum(series, "spendwatch_lag_records") == 0;
    return await().atMost(PATIENCE).until(() -> series(scraped(node)), isSettled);
  }

  private static void spend(TestBed bed) throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (String user : List.of("u1", "u2", "u3")) {
        var balance = new Balance(user, user, 10_000, "USD", NOW - 100 * HOUR);
        send(producer, bed.topics().balances(), user, BalanceCodec.encode(balance));
      }
      send(producer, bed.topics().balances(), "u1", "no balance".getBytes(UTF_8));
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  counted(bed, "SELECT 'all', count(*) FROM spendwatch.accounts").get("all") == 3);
      // In breach, and out of it by a refund.
      transaction(bed, producer, "u1", "t1", 10_000, 0);
      transaction(bed, producer, "u1", "t2", 1, 1);
      transaction(bed, producer, "u1", "t2", 1, 1);
      transaction(bed, producer, "u1", "t3", -5_000, 2);
      // In breach by what comes late, and what is too late.
      transaction(bed, producer, "u2", "t4", 6_000, -2_000);
      transaction(bed, producer, "u2", "t5", 1_000, 0);
      transaction(bed, producer, "u2", "t6", 5_000, -1_000);
      transaction(bed, producer, "u2", "t7", 1, -30 * HOUR);
      transaction(bed, producer, "nobody", "t8", 1, 0);
      String transactions = bed.topics().transactions();
      send(producer, transactions, "u1", "no transaction".getBytes(UTF_8));
      send(producer, transactions, "u1", "{".getBytes(UTF_8));
      byte[] ofU3 = encoded("u3", "t9", 1, 0);
      send(producer, transactions, "u4", ofU3);
    }
  }

  /** A negative amount is a refund. */
  private static void transaction(
      TestBed bed,
      KafkaProducer<byte[], byte[]> producer,
      String user,
      String id,
      long amount,
      long afterMs)
      throws Exception {
    send(producer, bed.topics().transactions(), user, encoded(user, id, amount, afterMs));
  }

  private static byte[] encoded(String user, String id, long amount, long afterMs) {
    TransactionKind kind = amount < 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE;
    return TransactionCodec.encode(
        new Transaction(id, user, Math.abs(amount), "USD", NOW + afterMs, kind, null, null));
  }

  private static void send(
      KafkaProducer<byte[], byte[]> producer, String topic, String key, byte[] value)
      throws Exception {
    producer.send(new ProducerRecord<>(topic, key.getBytes(UTF_8), value)).get();
  }

  private static Map<String, Double> counted(TestBed bed, String sql) throws Exception {
    Map<String, Double> counts = new HashMap<>();
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        counts.put(rows.getString(1), rows.getDouble(2));
      }
    }
    return counts;
  }

  private static Map<String, Double> withZeros(Map<String, Double> counts, String... keys) {
    Map<String, Double> all = new HashMap<>(counts);
    for (String key : keys) {
      all.putIfAbsent(key, 0.0);
    }
    return all;
  }

  private static String scraped(Node node) throws Exception {
    HttpResponse<String> response = asked(node, "/metrics");
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
    return response.body();
  }

  private static HttpResponse<String> asked(Node node, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.httpPort() + path))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      return response;
    }
  }

  /** Each sample of the text format, by its name and labels. */
  private static Map<String, Double> series(String text) {
    Map<String, Double> series = new HashMap<>();
    text.lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(
            line -> {
              int end = line.lastIndexOf(' ');
              assertThat(series.put(line.substring(0, end), value(line.substring(end + 1))))
                  .as(line)
                  .isNull();
            });
    return series;
  }

  private static double value(String text) {
    return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
  }

  private static Set<String> names(Map<String, Double> series) {
    return series.keySet().stream().map(MetricsIT::name).collect(Collectors.toSet());
  }

  private static String name(String series) {
    return series.replaceFirst("\\{.*", "");
  }

  /** Names with those of their labels, in order. */
  private static Set<String> shapes(Map<String, Double> series) {
    Pattern label = Pattern.compile("(\\w+)=\"");
    return series.keySet().stream()
        .map(
            each ->
                name(each)
                    + label
                        .matcher(each)
                        .results()
                        .map(found -> found.group(1))
                        .sorted()
                        .collect(Collectors.joining(",", "{", "}")))
        .collect(Collectors.toSet());
  }

  private static double sum(Map<String, Double> series, String name) {
    return series.entrySet().stream()
        .filter(each -> name(each.getKey()).equals(name))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  private static Map<String, Double> by(Map<String, Double> series, String name, String label) {
    Pattern pattern = Pattern.compile("[{,]" + label + "=\"([^\"]*)\"");
    Map<String, Double> sums = new HashMap<>();
    series.forEach(
        (key, value) -> {
          if (name(key).equals(name)) {
            String of = pattern.matcher(key).results().findFirst().orElseThrow().group(1);
            sums.merge(of, value, Double::sum);
          }
        });
    return sums;
  }

  /** Of all metrics that the rules and the dashboard ask for. */
  private static Set<String> namesAskedFor() throws Exception {
    Pattern metric = Pattern.compile("\\b(?:spendwatch|jvm|process|system|kafka)_[a-z0-9_]+");
    Set<String> names = new TreeSet<>();
    Path monitoring = Launched.launcher().getParent().resolve("ops/deploy/monitoring");
    for (String file : List.of("spendwatch.rules.yml", "spendwatch.dashboard.json")) {
      metric
          .matcher(Files.readString(monitoring.resolve(file)))
          .results()
          .map(MatchResult::group)
          .forEach(names::add);
    }
    return names;
  }
}
