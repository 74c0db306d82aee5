package io.spendwatch.ops.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.testing.Launched;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

class DemoIT {
  private static final Pattern ALERTS =
      Pattern.compile("alerts raised +(\\d+) rows in PostgreSQL, (\\d+) seen by a subscriber");

  private static final Pattern DASHBOARD =
      Pattern.compile(
          "the dashboard is at\\s+(?<node>http://[^/]+)/#token=(?<token>[-\\w]{32})\\b");

  private static final Pattern STANDSTILL =
      Pattern.compile(
          "(?s)standstill +(\\d+)\\.\\d s at most, of partition \\d;.* decided on again (\\d+)\\.\\d s");

  /** With the logs of all of it, where something was wrong. */
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path temporary;

  @Test
  void showsAlertsAndEndsOnCtrlCWithASummaryAndNothingLeft() throws Exception {
    var environment = Map.of("SPENDWATCH_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary);
    try (Launched demo = Launched.start(environment, "demo", "--scale", "0.005")) {
      demo.awaitLine(
          line -> line.matches(".* RAISED +[0-9a-f]{8}-[0-9a-f]{4} live-.*"),
          Duration.ofMinutes(3));
      List<ProcessHandle> children = demo.descendants();
      demo.signalGroup("INT");
      assertThat(demo.awaitEnd(Duration.ofMinutes(1))).isEqualTo(128 + 2);
      assertThat(demo.err()).isEmpty();

      String out = String.join("\n", demo.out());
      Matcher alerts = ALERTS.matcher(out);
      assertThat(alerts.find()).as(out).isTrue();
      assertThat(Long.parseLong(alerts.group(1))).isPositive();
      assertThat(alerts.group(2)).isEqualTo(alerts.group(1));
      assertThat(out).contains("dead letters    0", "Audit: clean: the tables say the same");
      await("the end of all children")
          .atMost(Duration.ofSeconds(30))
          .until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
      try (Stream<Path> left = Files.list(temporary)) {
        assertThat(left.filter(path -> path.getFileName().toString().startsWith("spendwatch-")))
            .isEmpty();
      }
    }
  }

  @Test
  void ofThreeNodesWithATokenOneIsKilledAndNothingIsLost() throws Exception {
    String data = temporary.resolve("demo").toString();
    try (Launched demo =
        Launched.start("demo", "--scale", "0.005", "--nodes", "3", "--token", "--data-dir", data)) {
      demo.awaitLine(line -> line.contains("node-3 is back"), Duration.ofMinutes(4));
      Matcher dashboard = DASHBOARD.matcher(String.join("\n", demo.out()));
      assertThat(dashboard.find()).as("%s", demo.out()).isTrue();
      assertThat(askStatus(dashboard.group("node"), Optional.empty())).isEqualTo(401);
      assertThat(askStatus(dashboard.group("node"), Optional.of(dashboard.group("token"))))
          .isEqualTo(200);
      demo.signalGroup("INT");
      assertThat(demo.awaitEnd(Duration.ofMinutes(2))).isEqualTo(128 + 2);
      assertThat(demo.err()).isEmpty();

      String out = String.join("\n", demo.out());
      assertThat(out)
          .contains(
              "node-3 is killed", "  nothing lost    yes", "Audit: clean: the tables say the same");
      Matcher standstill = STANDSTILL.matcher(out);
      assertThat(standstill.find()).as(out).isTrue();
      // Half a minute on a machine that has other things to do; 10 s on one that has not.
      assertThat(Integer.parseInt(standstill.group(1))).as(out).isBetween(1, 30);
      assertThat(Integer.parseInt(standstill.group(2))).as(out).isBetween(1, 30);
    }
  }

  private static int askStatus(String node, Optional<String> token) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(node + "/api/v1/status"));
      token.ifPresent(shown -> request.header("Authorization", "Bearer " + shown));
      return client.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
    }
  }
}
