package io.spendwatch.ops.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.cli.MigrateCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What holds of any set of Kubernetes' objects that runs nodes: they say what the settings and the
 * node's HTTP interface say.
 */
abstract class ManifestsContract {
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{\\?(SPENDWATCH_\\w+)}");
  private static final String NAME = "app.kubernetes.io/name";
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  private final List<JsonNode> manifests = objects();
  final Config config = settings();

  /** All objects, of all files. */
  abstract List<JsonNode> objects();

  /** Which labels nodes look for, with %s for the service's name. */
  abstract String podSelector();

  @Test
  void everyVariableThatTheyNameIsASetting() throws IOException {
    Set<String> named = new HashSet<>();
    manifests.forEach(each -> each.findValues("env").forEach(env -> named.addAll(names(env))));
    of("ConfigMap").forEach(map -> map.path("data").fieldNames().forEachRemaining(named::add));
    // Java's own.
    named.remove("JDK_JAVA_OPTIONS");
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
    List<String> labels = new ArrayList<>();
    pod()
        .path("metadata")
        .path("labels")
        .properties()
        .forEach(label -> labels.add(label.getKey() + "=" + label.getValue().asText()));
    assertThat(podSelector().formatted(config.getString(bootstrap + "service-name")).split(","))
        .containsExactlyInAnyOrderElementsOf(labels);
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
        .filter(name -> name.endsWith("_FILE"))
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
      if (!ports.equals(List.of("http"))) {
        assertThat(ports).containsExactly("cluster", "management");
        assertThat(map(rule.path("from"), peer -> peer.path("podSelector").path("matchLabels")))
            .containsExactly(labels);
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

  /** KubernetesIT sees that nothing else is asked for. */
  @Test
  void mayListThePodsAndNothingElse() {
    JsonNode rule = one("Role").path("rules").path(0);
    assertThat(one("Role").path("rules")).hasSize(1);
    assertThat(texts(rule.path("resources"))).containsExactly("pods");
    assertThat(texts(rule.path("verbs"))).containsExactly("list");
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
    // Nodes would take it for one of them.
    assertThat(migration().path("metadata").path("labels").path(NAME).asText())
        .isNotEqualTo(labels.path(NAME).asText());
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
    assertThat(pod().path("spec").path("terminationGracePeriodSeconds").asLong())
        .isGreaterThanOrEqualTo(shutdown(config).toSeconds());
  }

  /** Whoever gets into a process finds no other user, no privilege and nothing to write to. */
  @Test
  void nothingRunsAsRootOrWritesBesideTheTemporaryFiles() {
    for (JsonNode spec : List.of(pod().path("spec"), migration().path("spec"))) {
      assertThat(spec.path("securityContext").path("runAsNonRoot").asBoolean()).isTrue();
      assertThat(spec.path("securityContext").path("seccompProfile").path("type").asText())
          .isEqualTo("RuntimeDefault");
      for (JsonNode container : spec.path("containers")) {
        JsonNode context = container.path("securityContext");
        assertThat(context.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
        assertThat(context.path("readOnlyRootFilesystem").asBoolean()).isTrue();
        assertThat(texts(context.path("capabilities").path("drop"))).containsExactly("ALL");
        assertThat(container.path("resources").path("limits").path("memory").asText()).isNotEmpty();
        for (JsonNode mount : container.path("volumeMounts")) {
          assertThat(mount.path("readOnly").asBoolean())
              .as(mount.path("mountPath").asText())
              .isNotEqualTo(mount.path("mountPath").asText().equals("/tmp"));
        }
        assertThat(named(spec.path("volumes"), "tmp").path("emptyDir").has("sizeLimit")).isTrue();
      }
    }
    assertThat(migration().path("spec").path("automountServiceAccountToken").asBoolean(true))
        .isFalse();
  }

  @Test
  void nodesAreSpreadOverZonesAndHosts() {
    JsonNode constraints = pod().path("spec").path("topologySpreadConstraints");
    assertThat(map(constraints, each -> each.path("topologyKey").asText()))
        .containsExactly("topology.kubernetes.io/zone", "kubernetes.io/hostname");
    constraints.forEach(
        each ->
            assertThat(each.path("labelSelector").path("matchLabels"))
                .isEqualTo(pod().path("metadata").path("labels")));
  }

  @Test
  void argumentsAreOnesThatTheCommandsTake() {
    assertThat(texts(container().path("args"))).containsExactly("node");
    List<String> args = texts(migration().path("spec").path("containers").path(0).path("args"));
    assertThat(migrationOptions(args)).containsExactlyElementsOf(migrationOptions());
  }

  /** With which it migrates. */
  List<String> migrationOptions() {
    return List.of("--partitions", "--replication-factor");
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

  String variable(String name) {
    return named(container().path("env"), name).path("value").asText();
  }

  /** The pod of the job that migrates. */
  private JsonNode migration() {
    return one("Job").path("spec").path("template");
  }

  private JsonNode pod() {
    return one("StatefulSet").path("spec").path("template");
  }

  private JsonNode container() {
    return pod().path("spec").path("containers").path(0);
  }

  JsonNode one(String kind) {
    List<JsonNode> all = of(kind).toList();
    assertThat(all).as(kind).hasSize(1);
    return all.getFirst();
  }

  Stream<JsonNode> of(String kind) {
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

  static List<String> texts(JsonNode list) {
    return map(list, JsonNode::asText);
  }

  private static <T> List<T> map(JsonNode list, Function<JsonNode, T> to) {
    return StreamSupport.stream(list.spliterator(), false).map(to).toList();
  }

  /** As they come. */
  static Config settings() {
    return ConfigFactory.parseResources("spendwatch.conf")
        .withFallback(ConfigFactory.defaultReferenceUnresolved())
        .resolve();
  }

  /** What these arguments, {@code migrate} first, are understood as. */
  static List<String> migrationOptions(List<String> args) {
    return Spendwatch.commandLine(Map.of("migrate", MigrateCommand.class))
        .parseArgs(args.toArray(String[]::new))
        .subcommand()
        .matchedOptions()
        .stream()
        .map(OptionSpec::longestName)
        .toList();
  }

  /** How long a node may take to end: all phases together, at their longest. */
  static Duration shutdown(Config config) {
    Config phases = config.getConfig("pekko.coordinated-shutdown");
    return phases.getConfig("phases").root().keySet().stream()
        .map(
            phase ->
                phases.hasPath("phases." + phase + ".timeout")
                    ? phases.getDuration("phases." + phase + ".timeout")
                    : phases.getDuration("default-phase-timeout"))
        .reduce(Duration.ZERO, Duration::plus);
  }

  /** The objects of a file of YAML, or of what helm prints. */
  static List<JsonNode> parse(String yaml) {
    try {
      return YAML.readerFor(JsonNode.class).<JsonNode>readValues(yaml).readAll().stream()
          .filter(each -> !each.isMissingNode() && !each.isNull())
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** That any of the configuration files takes from the environment. */
  static Set<String> variables() throws IOException {
    Set<String> variables = new HashSet<>();
    ClassLoader classes = ManifestsContract.class.getClassLoader();
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
