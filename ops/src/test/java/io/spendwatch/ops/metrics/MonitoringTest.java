package io.spendwatch.ops.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/**
 * Rules and dashboard are whole. That what they ask for is there, a node that has worked shows
 * ({@code MetricsIT}); that the rules fire when they must, {@code scripts/check-monitoring}.
 */
class MonitoringTest {
  private static final Path DIRECTORY = Path.of("deploy", "monitoring");
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  @Test
  void everyRuleSaysHowBadItIsWhatItIsAndWhereToReadWhatToDo() throws IOException {
    Set<String> places =
        Files.readAllLines(Path.of("..", "docs", "operations.md")).stream()
            .filter(line -> line.startsWith("#"))
            .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
    List<JsonNode> rules = rules();
    assertThat(rules).hasSizeGreaterThan(10);
    for (JsonNode rule : rules) {
      String name = rule.path("alert").asText();
      assertThat(rule.path("labels").path("severity").asText())
          .as(name)
          .isIn("critical", "warning");
      assertThat(rule.path("annotations").path("summary").asText()).as(name).endsWith(".");
      assertThat(rule.path("annotations").path("runbook_url").asText())
          .isEqualTo("docs/operations.md#" + name.toLowerCase(Locale.ROOT));
      assertThat(places).contains(name.toLowerCase(Locale.ROOT));
    }
  }

  @Test
  void everyRuleHasATestInWhichItFiresAndOneInWhichItDoesNot() throws IOException {
    Set<String> firing = new HashSet<>();
    Set<String> silent = new HashSet<>();
    JsonNode tests = YAML.readTree(DIRECTORY.resolve("spendwatch.rules.test.yml").toFile());
    for (JsonNode check : tests.findValues("alert_rule_test")) {
      for (JsonNode moment : check) {
        (moment.path("exp_alerts").isEmpty() ? silent : firing)
            .add(moment.path("alertname").asText());
      }
    }
    Set<String> names =
        rules().stream().map(rule -> rule.path("alert").asText()).collect(Collectors.toSet());
    assertThat(firing).isEqualTo(names);
    assertThat(silent).isSubsetOf(names).hasSizeGreaterThan(names.size() - 3);
  }

  @Test
  void thePanelsOfTheDashboardDoNotOverlap() throws IOException {
    JsonNode dashboard =
        new ObjectMapper().readTree(DIRECTORY.resolve("spendwatch.dashboard.json").toFile());
    Set<String> taken = new HashSet<>();
    for (JsonNode panel : dashboard.path("panels")) {
      JsonNode place = panel.path("gridPos");
      for (int x = place.path("x").asInt(); x < right(place); x++) {
        for (int y = place.path("y").asInt(); y < bottom(place); y++) {
          assertThat(taken.add(x + "," + y)).as(panel.path("title").asText()).isTrue();
        }
      }
      assertThat(right(place)).isLessThanOrEqualTo(24);
    }
    assertThat(taken).isNotEmpty();
  }

  private static int right(JsonNode place) {
    return place.path("x").asInt() + place.path("w").asInt();
  }

  private static int bottom(JsonNode place) {
    return place.path("y").asInt() + place.path("h").asInt();
  }

  private static List<JsonNode> rules() throws IOException {
    JsonNode file = YAML.readTree(DIRECTORY.resolve("spendwatch.rules.yml").toFile());
    return StreamSupport.stream(file.path("groups").spliterator(), false)
        .flatMap(group -> StreamSupport.stream(group.path("rules").spliterator(), false))
        .toList();
  }
}
