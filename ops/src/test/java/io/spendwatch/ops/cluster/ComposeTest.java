package io.spendwatch.ops.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The compose file says what the settings and the node's HTTP interface say. */
class ComposeTest {
  private static final Path DIRECTORY = Path.of("deploy", "compose");
  private static final List<String> NODES = List.of("node-1", "node-2", "node-3");

  private final JsonNode compose = ManifestsContract.parse(read("compose.yaml")).getFirst();
  private final JsonNode node = compose.path("x-node");
  private final JsonNode environment = compose.path("x-node-environment");

  @Test
  void everyVariableThatItNamesIsASetting() throws IOException {
    Set<String> named = new HashSet<>();
    List<JsonNode> all = new ArrayList<>(compose.findValues("environment"));
    all.addAll(List.of(environment, compose.path("x-servers")));
    all.forEach(each -> each.fieldNames().forEachRemaining(named::add));
    named.removeIf(name -> !name.startsWith("SPENDWATCH_"));
    assertThat(named).hasSizeGreaterThan(12);
    assertThat(ManifestsContract.variables()).containsAll(named);
  }

  @Test
  void threeNodesDifferByTheirNames() {
    for (String name : NODES) {
      JsonNode service = service(name);
      assertThat(service.path("hostname").asText()).isEqualTo(name);
      assertThat(service.path("environment").path("SPENDWATCH_NODE_ID").asText()).isEqualTo(name);
      assertThat(service.path("environment").path("SPENDWATCH_CLUSTER_HOST").asText())
          .isEqualTo(name);
      assertThat(read("make-secrets.sh")).contains("DNS:" + name);
    }
    assertThat(node.path("user").asText()).isEqualTo("10001:10001");
    assertThat(node.path("read_only").asBoolean()).isTrue();
    assertThat(node.path("cap_drop").path(0).asText()).isEqualTo("ALL");
    assertThat(Duration.parse("PT" + node.path("stop_grace_period").asText()))
        .isGreaterThanOrEqualTo(ManifestsContract.shutdown(ManifestsContract.settings()));
  }

  @Test
  void nothingIsPublishedBeyondThisMachine() {
    List<String> published = new ArrayList<>();
    compose
        .path("services")
        .forEach(each -> each.path("ports").forEach(port -> published.add(port.asText())));
    assertThat(published).hasSize(7).allMatch(port -> port.startsWith("127.0.0.1:"));
    assertThat(environment.path("SPENDWATCH_HTTP_WITHOUT_TLS").asText()).isEqualTo("true");
    assertThat(environment.has("SPENDWATCH_HTTP_WITHOUT_LOGIN")).isFalse();
    assertThat(environment.has("SPENDWATCH_CLUSTER_WITHOUT_TLS")).isFalse();
  }

  @Test
  void theHealthCheckAsksWhatTheNodeAnswers() {
    String check = node.path("healthcheck").path("test").path(3).asText();
    String port = environment.path("SPENDWATCH_HTTP_PORT").asText();
    assertThat(check).contains("/127.0.0.1/" + port + " ", "GET /health/ready ");
    for (String name : NODES) {
      assertThat(service(name).path("ports").path(0).asText()).endsWith(":" + port);
    }
  }

  @Test
  void argumentsAreOnesThatMigrateTakes() {
    List<String> args = new ArrayList<>();
    service("migrate").path("command").forEach(each -> args.add(each.asText()));
    assertThat(ManifestsContract.migrationOptions(args)).containsExactly("--wait");
  }

  /** Each secret that somebody reads is made, and made for that user. */
  @Test
  void secretsThatAreReadAreMade() {
    String everything =
        List.of("compose.yaml", "prometheus.yml", "make-database.sh").stream()
            .map(ComposeTest::read)
            .collect(Collectors.joining());
    Set<String> used =
        Pattern.compile("/secrets/((?:node|postgres|prometheus)/[\\w.]+|\\w+\\.token)")
            .matcher(everything)
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toSet());
    assertThat(used).hasSizeGreaterThan(8);
    String made = read("make-secrets.sh");
    for (String file : used) {
      // A certificate and its key are made by one name.
      assertThat(made).contains(file.replaceFirst("\\.(crt|key)$", ""));
    }
    assertThat(made).contains("chown -R " + node.path("user").asText() + " node");
    assertThat(made)
        .contains("chown -R " + service("prometheus").path("user").asText() + " prometheus");
  }

  @Test
  void prometheusLooksAtTheNodesByTheNameThatTheRulesExpect() {
    JsonNode job =
        ManifestsContract.parse(read("prometheus.yml")).getFirst().path("scrape_configs").path(0);
    assertThat(job.path("job_name").asText()).isEqualTo("spendwatch");
    List<String> targets = new ArrayList<>();
    job.path("static_configs").path(0).path("targets").forEach(each -> targets.add(each.asText()));
    assertThat(targets)
        .containsExactlyElementsOf(
            NODES.stream()
                .map(each -> each + ":" + environment.path("SPENDWATCH_HTTP_PORT").asText())
                .toList());
  }

  /** What is mounted from beside it is there. */
  @Test
  void filesThatAreMountedExist() {
    List<String> mounted = new ArrayList<>();
    compose
        .path("services")
        .forEach(each -> each.path("volumes").forEach(volume -> mounted.add(volume.asText())));
    mounted.removeIf(volume -> !volume.startsWith("."));
    assertThat(mounted)
        .hasSize(8)
        .allMatch(volume -> Files.isRegularFile(DIRECTORY.resolve(volume.replaceFirst(":.*", ""))));
  }

  private JsonNode service(String name) {
    assertThat(compose.path("services").has(name)).as(name).isTrue();
    return compose.path("services").path(name);
  }

  private static String read(String file) {
    try {
      return Files.readString(DIRECTORY.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
