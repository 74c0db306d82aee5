package io.spendwatch.ops.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.testing.Browser;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The dashboard of a real node in a real browser; skipped where there is none. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DashboardIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** What axe finds that is serious or worse: the rule, and where. */
  private static final String SERIOUS =
      """
      axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})
        .then(found => found.violations
          .filter(of => ['serious', 'critical'].includes(of.impact))
          .map(of => of.id + ': ' + of.nodes.map(node => node.html + ' ' + node.failureSummary).join(' | ')))
      """;

  private String axe;
  private NodeSettings settings;
  private Node node;
  private Browser browser;

  @BeforeAll
  void start(TestBed bed, @TempDir Path profile) throws Exception {
    Optional<Path> program = Browser.program();
    assumeTrue(
        program.isPresent(),
        "no browser: install chromium, or name one by -Dspendwatch.test.browser");
    try (InputStream script = DashboardIT.class.getResourceAsStream("/axe.min.js")) {
      axe = new String(script.readAllBytes(), UTF_8);
    }
    settings = NodeSettings.of(bed);
    node = Node.start(Configuration.load(), InstantSource.system());
    browser = Browser.start(program.get(), profile);
    browser.resize(1280, 800);
    await().atMost(PATIENCE).until(() -> node.status().node().state() == State.READY);
  }

  @AfterAll
  void stop() throws Exception {
    if (browser != null) {
      browser.close();
    }
    if (node != null) {
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
    if (settings != null) {
      settings.close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "now",
        "users",
        "users/somebody",
        "alerts",
        "alerts/none",
        "audit",
        "cluster",
        "dead-letters",
        "dead-letters/transactions.dlq/0/0",
        "analysis",
        "analysis/hourly-spend",
        "no-such-page"
      })
  void eachPageFillsItselfWithoutAnError(String page) throws Exception {
    for (int width : List.of(1280, 360)) {
      browser.resize(width, 800);
      browser.open(address(page));
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  browser.isTrue("document.querySelector('main h1')")
                      && !browser.text().contains("Loading"));
      assertThat(browser.errors()).filteredOn(error -> !isNotThere(error)).isEmpty();
      assertThat(browser.text()).doesNotContain("undefined", "[object", "NaN");
      assertThat(
              browser
                  .evaluate(
                      "document.documentElement.scrollWidth - document.documentElement.clientWidth")
                  .asInt())
          .as("wider than %d pixels by", width)
          .isZero();
    }
  }

  @Test
  void theClusterPageShowsWhatARoundOfTheArchiveWaitsFor(TestBed bed) throws Exception {
    browser.resize(1280, 800);
    browser.open(address("cluster"));
    await().atMost(PATIENCE).until(() -> browser.text().contains("all ready"));
    assertThat(browser.text()).as("there never was one").doesNotContain("Rounds of the archive");
    try (Connection connection = bed.database().connect("test");
        Statement sql = connection.createStatement()) {
      int _ =
          sql.executeUpdate(
              "INSERT INTO spendwatch.archive_round_steps (step, state, reason, begun_at, took_ms, retry_at) VALUES"
                  + " ('EXPORT', 'FAILED', 'No <b>space</b> left', now(), 1500, now() + interval '1 hour'),"
                  + " ('VERIFY', 'WAITING', 'for export', NULL, NULL, now() + interval '1 hour')");
      await().atMost(PATIENCE).until(() -> browser.text().contains("No <b>space</b> left"));
      assertThat(browser.text())
          .contains(
              "Rounds of the archive",
              "None was complete yet",
              "the archive's export has failed",
              "for export",
              "1.5 s");
      int _ = sql.executeUpdate("TRUNCATE spendwatch.archive_round_steps");
      await()
          .atMost(PATIENCE)
          .until(() -> !browser.text().contains("the archive's export has failed"));
    }
  }

  @Test
  void anAlertAppearsOnceItIsReadable(TestBed bed) throws Exception {
    browser.resize(1280, 800);
    browser.open(address("now"));
    await().atMost(PATIENCE).until(() -> browser.text().contains("Live"));
    List<AlertTail.Received> alerts = new ArrayList<>();
    Map<String, Object> consumer = Map.of("bootstrap.servers", bed.bootstrapServers());
    try (AlertTail tail = AlertTail.open(consumer, bed.topics().alerts(), true)) {
      spend(bed, "u1");
      await()
          .atMost(PATIENCE)
          .until(() -> alerts.addAll(tail.poll(Duration.ofMillis(100))) || !alerts.isEmpty());
    }
    String row =
        "document.querySelector('tr[data-alert=\"" + alerts.getFirst().alert().alertId() + "\"]')";
    long readableNanos = System.nanoTime();
    await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(() -> browser.isTrue(row));
    // Told, not demanded: the machine of a test may be busy.
    System.out.printf(
        Locale.ROOT,
        "the alert was on the page %d ms after it could be read%n",
        (System.nanoTime() - readableNanos) / 1_000_000);
    assertThat(browser.evaluate(row + ".innerText").asText()).contains("RAISED", "u1", "0.01");
    assertThat(browser.errors()).isEmpty();
  }

  /** WCAG 2.2 AA, as far as a program can tell: axe, in both themes, wide and narrow. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "now",
        "users",
        "users/u2",
        "alerts",
        "audit",
        "cluster",
        "dead-letters",
        "analysis",
        "analysis/hourly-spend",
        "no-such-page"
      })
  void nothingSeriousBarsAnybody(String page, TestBed bed) throws Exception {
    spend(bed, "u2");
    for (String colours : List.of("light", "dark")) {
      for (int width : List.of(1280, 360)) {
        browser.prefer(colours);
        browser.resize(width, 800);
        browser.open(address(page));
        await()
            .atMost(PATIENCE)
            .until(
                () ->
                    browser.isTrue("document.querySelector('main h1')")
                        && !browser.text().contains("Loading"));
        if (page.equals("users/u2")) {
          await().atMost(PATIENCE).until(() -> browser.text().contains("RAISED"));
        }
        assertThat(barriers().toString())
            .as("%s, %s, %d pixels", page, colours, width)
            .isEqualTo("[]");
      }
    }
  }

  @Test
  void aButtonWithoutANameWouldBeFound() throws Exception {
    browser.open(address("now"));
    await().atMost(PATIENCE).until(() -> browser.isTrue("document.querySelector('main h1')"));
    browser.evaluate("document.querySelector('main').append(document.createElement('button'))");
    assertThat(barriers().toString()).contains("button-name");
  }

  private JsonNode barriers() throws Exception {
    browser.evaluate(axe + ";0");
    return browser.evaluate(SERIOUS);
  }

  /** What a page asks for and a node does not have is told on the page, and by browsers as this. */
  private static boolean isNotThere(String error) {
    return error.contains("status of 404");
  }

  private URI address(String page) {
    return URI.create("http://127.0.0.1:" + node.httpPort() + "/#/" + page);
  }

  /** Has the user spend more than the balance. Once more changes nothing. */
  private static void spend(TestBed bed, String user) throws Exception {
    long nowMs = System.currentTimeMillis();
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      byte[] key = user.getBytes(UTF_8);
      var balance = new Balance(user, "user", 10_000, "USD", nowMs - 10_000);
      producer
          .send(new ProducerRecord<>(bed.topics().balances(), key, BalanceCodec.encode(balance)))
          .get();
      // Whichever comes first: the balance is in force before it, so it is over it in the end.
      var transaction =
          new Transaction("t1", user, 10_001, "USD", nowMs, TransactionKind.PURCHASE, null, null);
      producer
          .send(
              new ProducerRecord<>(
                  bed.topics().transactions(), key, TransactionCodec.encode(transaction)))
          .get();
    }
  }
}
