package io.spendwatch.ops.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * The Helm chart. What needs no helm is always held: the values against their schema, the settings
 * that templates name. Where helm is on the path, or named by {@code HELM}, what it renders is held
 * to what the plain manifests are.
 */
class HelmChartTest {
  private static final Path CHART = Path.of("deploy", "helm", "spendwatch");
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  private static final String DIGITS = "0123456789abcdef".repeat(4);

  /** Everything that is off by default. */
  private static final String ALL_ON =
      """
      kafka:
        bootstrapServers: a:9093,b:9093
        securityProtocol: SASL_SSL
        saslMechanism: SCRAM-SHA-512
        jaasSecret: kafka-login
        authoritiesSecret: kafka-ca
      postgres:
        authoritiesSecret: pg-ca
      migrate:
        postgresSecret: pg-owner
      tls:
        certManager: {enabled: true, issuer: ours}
      settings:
        SPENDWATCH_PARTITIONS_RETENTION: 400d
      javaOptions: -Xmx1g
      replicas: 5
      image: {digest: "sha256:%s"}
      imagePullSecrets: [{name: registry}]
      serviceMonitor: {enabled: true, tokenSecret: prometheus, labels: {release: prometheus}}
      networkPolicy: {httpFrom: [{namespaceSelector: {}}]}
      service: {annotations: {a: b}}
      nodeSelector: {disk: none}
      tolerations: [{key: spot, operator: Exists}]
      affinity: {nodeAffinity: {}}
      priorityClassName: high
      podAnnotations: {c: d}
      """
          .replace("%s", DIGITS);

  @Test
  void itsValuesAreWhatTheSchemaAllows() throws IOException {
    assertThat(faults(values -> {})).isEmpty();
    assertThat(faults(values -> merge(values, tree(ALL_ON)))).isEmpty();
  }

  @Test
  void theSchemaRefusesWhatIsMisspeltOrOfAnotherType() throws IOException {
    assertThat(faults(values -> values.put("replica", 5))).hasSize(1);
    assertThat(faults(values -> values.put("replicas", "five"))).hasSize(1);
    assertThat(faults(values -> values.put("replicas", 0))).hasSize(1);
    assertThat(faults(values -> section(values, "kafka").put("bootstrapServers", "kafka")))
        .hasSize(1);
    assertThat(faults(values -> section(values, "tls").remove("secret"))).hasSize(1);
    assertThat(faults(values -> section(values, "image").put("digest", DIGITS))).hasSize(1);
    assertThat(faults(values -> section(values, "settings").put("SPENDWATCH_X", 3))).hasSize(1);
    assertThat(faults(values -> section(values, "settings").put("JAVA_OPTS", "x"))).hasSize(1);
    // A password in the values would be kept with the release, for everybody to read.
    assertThat(faults(values -> section(values, "postgres").put("uri", "postgresql://u:p@pg/db")))
        .hasSize(1);
  }

  /** Each key of the values is used, and each that is used exists. */
  @Test
  void templatesUseTheValuesThatThereAre() throws IOException {
    String templates = templates();
    List<String> leaves = new ArrayList<>();
    collect(values(), "", leaves);
    assertThat(leaves).hasSizeGreaterThan(40);
    for (String leaf : leaves) {
      assertThat(templates).as(leaf).containsPattern("alues\\." + Pattern.quote(leaf) + "\\b");
    }
    Set<String> used =
        Pattern.compile("alues\\.([A-Za-z.]+)")
            .matcher(templates)
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toSet());
    assertThat(leaves).containsAll(used);
  }

  @Test
  void templatesNameSettingsThatThereAre() throws IOException {
    Set<String> named =
        Pattern.compile("name: (SPENDWATCH_\\w+)")
            .matcher(templates())
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toSet());
    assertThat(named).hasSizeGreaterThan(20);
    assertThat(ManifestsContract.variables()).containsAll(named);
  }

  /** As it comes. */
  @Nested
  class ByDefault extends ManifestsContract {
    @Override
    List<JsonNode> objects() {
      return render("");
    }

    @Override
    String podSelector() {
      return variable("SPENDWATCH_CLUSTER_POD_SELECTOR");
    }

    @Test
    void hasNothingThatNeedsAnOperator() {
      assertThat(of("ServiceMonitor").toList()).isEmpty();
      assertThat(of("Certificate").toList()).isEmpty();
    }

    @Test
    void migratesBeforeNodesOfTheNewVersionStart() {
      JsonNode annotations = one("Job").path("metadata").path("annotations");
      assertThat(annotations.path("helm.sh/hook").asText()).isEqualTo("pre-install,pre-upgrade");
      // Hooks come before everything else: what they need must not be of the chart.
      assertThat(one("Job").path("spec").toString()).doesNotContain("configMap", "serviceAccountN");
    }
  }

  /** With all that can be switched on. */
  @Nested
  class WithAllOn extends ManifestsContract {
    @Override
    List<JsonNode> objects() {
      return render(ALL_ON);
    }

    @Override
    String podSelector() {
      return variable("SPENDWATCH_CLUSTER_POD_SELECTOR");
    }

    /** By a login of its own, which runs no nodes. */
    @Override
    List<String> migrationOptions() {
      return List.of("--partitions", "--replication-factor", "--give-back-roles");
    }

    @Test
    void prometheusAsksEachNodeByANameOfItsCertificate() {
      JsonNode endpoint = one("ServiceMonitor").path("spec").path("endpoints").path(0);
      assertThat(endpoint.path("path").asText()).isEqualTo("/metrics");
      assertThat(texts(one("Certificate").path("spec").path("dnsNames")))
          .contains(endpoint.path("tlsConfig").path("serverName").asText());
      JsonNode selector = one("ServiceMonitor").path("spec").path("selector").path("matchLabels");
      List<JsonNode> services =
          of("Service")
              .filter(
                  service ->
                      service
                          .path("metadata")
                          .path("labels")
                          .properties()
                          .containsAll(selector.properties()))
              .toList();
      assertThat(services).hasSize(1);
      assertThat(services.getFirst().path("spec").path("ports").toString())
          .contains('"' + endpoint.path("port").asText() + '"');
    }

    @Test
    void nodesAndTheMigrationAreOfTheImageThatIsNamedByItsDigest() {
      for (String kind : List.of("StatefulSet", "Job")) {
        JsonNode container =
            one(kind).path("spec").path("template").path("spec").path("containers");
        assertThat(container.path(0).path("image").asText())
            .isEqualTo("spendwatch@sha256:" + DIGITS);
      }
    }

    @Test
    void passesSettingsOn() {
      assertThat(variable("SPENDWATCH_PARTITIONS_RETENTION")).isEqualTo("400d");
      assertThat(variable("SPENDWATCH_KAFKA_SECURITY_PROTOCOL")).isEqualTo("SASL_SSL");
    }
  }

  private static List<JsonNode> render(String values) {
    Path helm = helm();
    try {
      Path file = Files.createTempFile("values", ".yaml");
      Files.writeString(file, values);
      var command = new ArrayList<>(List.of(helm.toString(), "template", "sw", CHART.toString()));
      command.addAll(List.of("--namespace", "payments", "--values", file.toString()));
      var process = new ProcessBuilder(command).redirectErrorStream(true);
      // It looks for plugins and a cluster's address in the home directory.
      process.environment().put("HOME", Files.createTempDirectory("helm").toString());
      Process running = process.start();
      String output;
      try (InputStream in = running.getInputStream()) {
        output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
      assertThat(running.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(running.exitValue()).as(output).isZero();
      Files.delete(file);
      return ManifestsContract.parse(output);
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static Path helm() {
    Optional<Path> found =
        Stream.concat(
                Stream.ofNullable(System.getenv("HELM")),
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                    .map(each -> each + "/helm"))
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(found.isPresent(), "helm is not on the path: the chart is not rendered");
    return found.orElseThrow();
  }

  private static List<com.networknt.schema.Error> faults(Consumer<ObjectNode> change)
      throws IOException {
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7)
            .getSchema(Files.readString(CHART.resolve("values.schema.json")));
    ObjectNode values = values();
    change.accept(values);
    return schema.validate(values.toString(), InputFormat.JSON);
  }

  private static ObjectNode values() throws IOException {
    return (ObjectNode) YAML.readTree(CHART.resolve("values.yaml").toFile());
  }

  private static ObjectNode tree(String yaml) {
    try {
      return (ObjectNode) YAML.readTree(yaml);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static ObjectNode section(ObjectNode values, String name) {
    return (ObjectNode) values.get(name);
  }

  private static void merge(ObjectNode into, ObjectNode from) {
    from.properties()
        .forEach(
            each -> {
              if (each.getValue() instanceof ObjectNode tree
                  && into.get(each.getKey()) instanceof ObjectNode there) {
                merge(there, tree);
              } else {
                into.set(each.getKey(), each.getValue());
              }
            });
  }

  /** The paths that templates read: of resources and the like, whole. */
  private static void collect(ObjectNode tree, String prefix, List<String> leaves) {
    tree.properties()
        .forEach(
            each -> {
              String path = prefix + each.getKey();
              if (each.getValue() instanceof ObjectNode section
                  && !section.isEmpty()
                  && !each.getKey().equals("resources")) {
                collect(section, path + ".", leaves);
              } else {
                leaves.add(path);
              }
            });
  }

  private static String templates() throws IOException {
    try (Stream<Path> files = Files.list(CHART.resolve("templates"))) {
      StringBuilder all = new StringBuilder();
      for (Path file : files.toList()) {
        all.append(Files.readString(file));
      }
      return all.toString();
    }
  }
}
