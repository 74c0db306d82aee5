package io.spendwatch.ops.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The manifests say what the settings and the node's HTTP interface say. */
class KubernetesManifestsTest {
  private static final Path DIRECTORY = Path.of("deploy", "kubernetes");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{\\?(SPENDWATCH_\\w+)}");
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  private final List<JsonNode> manifests = read();
  private final Config config =
      ConfigFactory.parseResources("spendwatch.conf")
          .withFallback(ConfigFactory.defaultReferenceUnresolved())
          .resolve();

  @Test
  void theKustomizationListsEveryManifest() throws IOException {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      assertThat(texts(one("Kustomization").path("resources")))
          .containsExactlyInAnyOrderElementsOf(
              files
                  .map(file -> file.getFileName().toString())
                  .filter(name -> !name.equals("kustomization.yaml"))
                  .toList());
    }
  }

  @Test
  void everyVariableThatTheyNameIsASetting() throws IOException {
    Set<String> named = new HashSet<>();
    manifests.forEach(each -> each.findValues("env").forEach(env -> named.addAll(names(env))));
    one("ConfigMap").path("data").fieldNames().forEachRemaining(named::add);
    assertThat(named).hasSizeGreaterThan(8);
    assertThat(variables()).containsAll(named);
  }

  @Test
  void nodesAskEachOtherWhereTheyListen() {
    assertThat(port("cluster")).isEqualTo(variable("SPENDWATCH_CLUSTER_PORT"));
    assertThat(port("management")).isEqualTo(variable("SPENDWATCH_CLUSTER_MANAGEMENT_PORT"));
    assertThat(port("http")).isEqualTo(variable("SPENDWATCH_HTTP_PORT"));
    String bootstrap = "pekko.management.cluster.bootstrap.contact-point-discovery.";
    // How discovery picks the port, and the pods: by these names.
    assertThat(names(container().path("ports")))
        .contains(config.getString(bootstrap + "port-name"));
    assertThat(
            config
                .getString("pekko.discovery.kubernetes-api.pod-label-selector")
                .formatted(config.getString(bootstrap + "service-name")))
        .isEqualTo(
            "app.kubernetes.io/name="
                + pod().path("metadata").path("labels").path("app.kubernetes.io/name").asText());
    assertThat(variable("SPENDWATCH_CLUSTER_DISCOVERY")).isEqualTo("kubernetes-api");
  }

  /** Other machines reach a pod: a node does not start there with open doors. */
  @Test
  void allDoorsAreClosed() {
    assertThat(variable("SPENDWATCH_HTTP_HOST")).isEqualTo("0.0.0.0");
    Set<String> set = new HashSet<>(names(container().path("env")));
    assertThat(set)
        .contains(
            "SPENDWATCH_HTTP_ACCESS_FILE",
            "SPENDWATCH_HTTP_TLS_CERTIFICATE_FILE",
            "SPENDWATCH_HTTP_TLS_KEY_FILE",
            "SPENDWATCH_CLUSTER_TLS_CERTIFICATE_FILE",
            "SPENDWATCH_CLUSTER_TLS_KEY_FILE",
            "SPENDWATCH_CLUSTER_TLS_AUTHORITIES_FILE")
        .noneMatch(name -> name.contains("WITHOUT"));
    List<String> mounted =
        map(container().path("volumeMounts"), mount -> mount.path("mountPath").asText());
    set.stream()
        .filter(name -> name.matches("SPENDWATCH_(HTTP|CLUSTER)_.*_FILE"))
        .forEach(
            name ->
                assertThat(mounted)
                    .as(name)
                    .anyMatch(path -> variable(name).startsWith(path + "/")));
    assertThat(names(container().path("volumeMounts")))
        .containsExactlyElementsOf(names(pod().path("spec").path("volumes")));
    assertThat(List.of(scheme("startupProbe"), scheme("livenessProbe"), scheme("readinessProbe")))
        .containsOnly("HTTPS");
  }

  /** The cluster's ports are nobody's but nodes'. */
  @Test
  void onlyNodesReachThePortsOfTheCluster() {
    JsonNode policy = one("NetworkPolicy").path("spec");
    JsonNode labels = pod().path("metadata").path("labels");
    assertThat(policy.path("podSelector").path("matchLabels")).isEqualTo(labels);
    assertThat(texts(policy.path("policyTypes"))).containsExactly("Ingress", "Egress");
    for (JsonNode rule : policy.path("ingress")) {
      List<String> ports = map(rule.path("ports"), port -> port.path("port").asText());
      if (rule.has("from")) {
        assertThat(rule.path("from").path(0).path("podSelector").path("matchLabels"))
            .isEqualTo(labels);
        assertThat(ports).containsExactly("cluster", "management");
      } else {
        assertThat(ports).containsExactly("http");
      }
    }
    assertThat(policy.path("ingress")).hasSize(2);
    JsonNode toNodes = policy.path("egress").path(0);
    assertThat(map(toNodes.path("ports"), port -> port.path("port").asText()))
        .containsExactly(port("cluster"), port("management"));
  }

  @Test
  void aMajorityOfTheReplicasFormsTheCluster() {
    int replicas = one("StatefulSet").path("spec").path("replicas").asInt();
    assertThat(Integer.parseInt(variable("SPENDWATCH_CLUSTER_NODES_MIN")))
        .isEqualTo(replicas / 2 + 1);
  }

  @Test
  void mayReadThePodsAndNothingElse() {
    JsonNode rule = one("Role").path("rules").path(0);
    assertThat(one("Role").path("rules")).hasSize(1);
    assertThat(texts(rule.path("resources"))).containsExactly("pods");
    assertThat(texts(rule.path("verbs"))).containsExactly("get", "list", "watch");
    String account = one("ServiceAccount").path("metadata").path("name").asText();
    assertThat(pod().path("spec").path("serviceAccountName").asText()).isEqualTo(account);
    assertThat(one("RoleBinding").path("subjects").path(0).path("name").asText())
        .isEqualTo(account);
  }

  @Test
  void servicesAndTheBudgetAreAboutTheNodesAndNotAboutTheMigration() {
    JsonNode labels = pod().path("metadata").path("labels");
    of("Service").forEach(s -> assertThat(s.path("spec").path("selector")).isEqualTo(labels));
    assertThat(one("PodDisruptionBudget").path("spec").path("selector").path("matchLabels"))
        .isEqualTo(labels);
    assertThat(one("Job").path("spec").path("template").path("metadata").path("labels"))
        .isNotEqualTo(labels);
    of("Service")
        .flatMap(s -> StreamSupport.stream(s.path("spec").path("ports").spliterator(), false))
        .forEach(
            port ->
                assertThat(names(container().path("ports")))
                    .contains(port.path("targetPort").asText()));
  }

  @Test
  void probesAskWhatTheNodeAnswers() {
    assertThat(probe("startupProbe")).isEqualTo("http/health/live");
    assertThat(probe("livenessProbe")).isEqualTo("http/health/live");
    assertThat(probe("readinessProbe")).isEqualTo("http/health/ready");
  }

  @Test
  void aNodeMayTakeAllTheTimeOfItsShutdown() {
    Config phases = config.getConfig("pekko.coordinated-shutdown");
    Duration all =
        phases.getConfig("phases").root().keySet().stream()
            .map(
                phase ->
                    phases.hasPath("phases." + phase + ".timeout")
                        ? phases.getDuration("phases." + phase + ".timeout")
                        : phases.getDuration("default-phase-timeout"))
            .reduce(Duration.ZERO, Duration::plus);
    assertThat(pod().path("spec").path("terminationGracePeriodSeconds").asLong())
        .isGreaterThanOrEqualTo(all.toSeconds());
  }

  private String probe(String name) {
    JsonNode get = container().path(name).path("httpGet");
    return get.path("port").asText() + get.path("path").asText();
  }

  private String scheme(String probe) {
    return container().path(probe).path("httpGet").path("scheme").asText();
  }

  private String port(String name) {
    return named(container().path("ports"), name).path("containerPort").asText();
  }

  private String variable(String name) {
    return named(container().path("env"), name).path("value").asText();
  }

  private JsonNode pod() {
    return one("StatefulSet").path("spec").path("template");
  }

  private JsonNode container() {
    return pod().path("spec").path("containers").path(0);
  }

  private JsonNode one(String kind) {
    List<JsonNode> all = of(kind).toList();
    assertThat(all).as(kind).hasSize(1);
    return all.getFirst();
  }

  private Stream<JsonNode> of(String kind) {
    return manifests.stream().filter(each -> each.path("kind").asText().equals(kind));
  }

  private static JsonNode named(JsonNode list, String name) {
    return StreamSupport.stream(list.spliterator(), false)
        .filter(each -> each.path("name").asText().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("there is no " + name));
  }

  private static List<String> names(JsonNode list) {
    return map(list, each -> each.path("name").asText());
  }

  private static List<String> texts(JsonNode list) {
    return map(list, JsonNode::asText);
  }

  private static List<String> map(JsonNode list, Function<JsonNode, String> to) {
    return StreamSupport.stream(list.spliterator(), false).map(to).toList();
  }

  private static List<JsonNode> read() {
    List<JsonNode> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      for (Path file : files.toList()) {
        YAML.readerFor(JsonNode.class)
            .<JsonNode>readValues(file.toFile())
            .forEachRemaining(all::add);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return all;
  }

  /** That any of the configuration files takes from the environment. */
  private static Set<String> variables() throws IOException {
    Set<String> variables = new HashSet<>();
    ClassLoader classes = KubernetesManifestsTest.class.getClassLoader();
    for (String name : List.of("spendwatch.conf", "reference.conf")) {
      for (var url : Collections.list(classes.getResources(name))) {
        try (var in = url.openStream()) {
          Matcher matcher = VARIABLE.matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8));
          while (matcher.find()) {
            variables.add(matcher.group(1));
          }
        }
      }
    }
    return variables;
  }
}
