package io.spendwatch.ops.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.spendwatch.ops.lab.sandbox.Certificates;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.base.Pem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nodes that find each other by {@code kubernetes-api}: from a server that answers as the reference
 * of Kubernetes' API (v1, {@code PodList}) says, over TLS, to whoever has the account's token. No
 * API server has been asked; whether one answers so is not held here.
 */
@ExtendWith(Servers.class)
class KubernetesIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String TOKEN = "not-a-secret";
  private static final String NAMESPACE = "payments";

  @TempDir Path account;

  private final List<LaunchedNode> nodes = new ArrayList<>();
  private final List<Integer> managementPorts = List.of(Ports.free(), Ports.free());

  /** Each request, as a role of Kubernetes sees it. */
  private final Set<String> asked = ConcurrentHashMap.newKeySet();

  private volatile boolean isAllowed;
  private HttpsServer api;

  @BeforeEach
  void startApi() throws Exception {
    Certificates authority = Certificates.authority(account, "ca");
    Path certificate = authority.issue("api", "kube-apiserver", "ip:127.0.0.1");
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(
        Pem.keys("certificate", certificate.toString(), "key", authority.key("api").toString())
            .getKeyManagers(),
        null,
        null);
    api = HttpsServer.create(new InetSocketAddress(InetAddress.ofLiteral(Ports.LOOPBACK), 0), 0);
    api.setHttpsConfigurator(new HttpsConfigurator(tls));
    api.createContext("/", this::answer);
    api.start();
    Files.writeString(account.resolve("token"), TOKEN);
    Files.writeString(account.resolve("namespace"), NAMESPACE);
  }

  @AfterEach
  void end() {
    nodes.parallelStream().forEach(LaunchedNode::close);
    api.stop(0);
  }

  @Test
  void nodesFindEachOtherAmongThePodsAndAskForNothingElse(TestBed bed) {
    for (int port : managementPorts) {
      nodes.add(LaunchedNode.start(bed, Ports.free(), environment(port)));
    }
    await("why there is no cluster")
        .atMost(PATIENCE)
        .until(() -> nodes.stream().allMatch(KubernetesIT::saysThatItIsForbidden));

    isAllowed = true;
    await("one cluster")
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(nodes.getFirst().membersUp()).hasSize(2);
              assertThat(nodes)
                  .allSatisfy(
                      node -> {
                        assertThat(node.isReady()).isTrue();
                        assertThat(node.membersUp()).isEqualTo(nodes.getFirst().membersUp());
                      });
            });
    assertThat(asked)
        .containsExactly(
            "GET /api/v1/namespaces/"
                + NAMESPACE
                + "/pods?labelSelector=app.kubernetes.io/name=spendwatch");
  }

  private static boolean saysThatItIsForbidden(LaunchedNode node) {
    return node.status().stream()
        .flatMap(status -> status.node().waitingFor().stream())
        .anyMatch(
            what ->
                what.startsWith("the cluster (found by kubernetes-api: ")
                    && what.contains("Forbidden"));
  }

  /** What a pod has that a node runs in. */
  private Map<String, String> environment(int managementPort) {
    Map<String, String> environment = new HashMap<>();
    environment.put("SPENDWATCH_CLUSTER_DISCOVERY", "kubernetes-api");
    environment.put("SPENDWATCH_CLUSTER_MANAGEMENT_PORT", Integer.toString(managementPort));
    environment.put("SPENDWATCH_CLUSTER_NODES_MIN", "2");
    environment.put("KUBERNETES_SERVICE_HOST", Ports.LOOPBACK);
    environment.put("KUBERNETES_SERVICE_PORT", Integer.toString(api.getAddress().getPort()));
    environment.put(
        "SPENDWATCH_JAVA_OPTS",
        Map.of(
                "api-ca-path",
                "ca.crt",
                "api-token-path",
                "token",
                "pod-namespace-path",
                "namespace")
            .entrySet()
            .stream()
            .map(
                file ->
                    "-Dpekko.discovery.kubernetes-api."
                        + file.getKey()
                        + "="
                        + account.resolve(file.getValue()))
            .collect(Collectors.joining(" ")));
    return environment;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      URI uri = exchange.getRequestURI();
      asked.add(exchange.getRequestMethod() + " " + uri.getPath() + "?" + uri.getQuery());
      boolean isKnown =
          ("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"));
      byte[] body = (isAllowed ? pods() : status()).getBytes(UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(isKnown ? isAllowed ? 200 : 403 : 401, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  /** Beside the two, one that has no address yet, and one that is on its way out. */
  private String pods() {
    String running =
        IntStream.range(0, managementPorts.size())
            .mapToObj(i -> pod("spendwatch-" + i, managementPorts.get(i), "", address()))
            .collect(Collectors.joining(","));
    return "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"4711\"},\"items\":["
        + running
        + ","
        + pod("spendwatch-2", Ports.free(), "", "\"phase\":\"Pending\"")
        + ","
        + pod(
            "spendwatch-3",
            Ports.free(),
            ",\"deletionTimestamp\":\"2026-11-30T09:00:00Z\"",
            address())
        + "]}";
  }

  private static String address() {
    return "\"phase\":\"Running\",\"podIP\":\"127.0.0.1\",\"podIPs\":[{\"ip\":\"127.0.0.1\"}]";
  }

  private static String pod(String name, int managementPort, String metadata, String status) {
    return """
        {"metadata": {"name": "%s", "namespace": "%s",
           "labels": {"app.kubernetes.io/name": "spendwatch"}%s},
         "spec": {"serviceAccountName": "spendwatch", "containers": [{"name": "node", "image": "spendwatch",
           "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"},
                     {"name": "management", "containerPort": %d, "protocol": "TCP"}]}]},
         "status": {%s, "containerStatuses": [{"name": "node", "ready": false, "restartCount": 0,
           "image": "spendwatch", "imageID": "", "state": {"running": {"startedAt": "2026-11-30T09:00:00Z"}}}]}}
        """
        .formatted(name, NAMESPACE, metadata, managementPort, status);
  }

  private static String status() {
    return """
        {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 403,
         "message": "pods is forbidden", "reason": "Forbidden", "details": {"kind": "pods"}}
        """;
  }
}
