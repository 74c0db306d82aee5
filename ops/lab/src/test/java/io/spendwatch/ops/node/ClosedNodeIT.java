package io.spendwatch.ops.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.access.AccessFile;
import io.spendwatch.ops.access.Role;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.cli.Lab;
import io.spendwatch.ops.lab.sandbox.Certificates;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.testing.Browser;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.streams.base.Pem;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.apache.pekko.actor.ActorNotFound;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.AddressFromURIString;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.ClusterUserAction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Two nodes with all doors closed: TLS between them and over HTTP, and a token for who asks. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClosedNodeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration ROGUE_PATIENCE = Duration.ofSeconds(4);
  private static final String DAEMON = "/system/cluster/core/daemon";
  private static final String WINDOWS = "/system/sharding/partition";
  private static final String TOKEN = "Xk7-of-anna-who-reads-only";
  private static final String OPERATORS = "Xk7-of-bert-who-operates";

  private Path files;
  private NodeSettings settings;
  private final List<Node> nodes = new ArrayList<>();

  @BeforeAll
  void start(TestBed bed, @TempDir Path directory) throws Exception {
    files = directory;
    Certificates ours = Certificates.authority(files, "ours");
    for (String name : List.of("node-1", "node-2", "valid")) {
      var _ = ours.issue(name, name, "dns:spendwatch-node,dns:" + name);
    }
    var _ = ours.issue("http", "localhost", "dns:localhost,ip:127.0.0.1");
    // By the same authority, for something else.
    var _ = ours.issue("printer", "printer", "dns:printer.example");
    Certificates others = Certificates.authority(files, "others");
    var _ = others.issue("stranger", "node-1", "dns:spendwatch-node");
    Files.write(
        files.resolve("access"),
        List.of(
            AccessFile.line("anna", Role.ANALYST, TOKEN),
            AccessFile.line("bert", Role.OPERATOR, OPERATORS)));
    settings =
        NodeSettings.of(bed)
            .set("spendwatch.http.access.file", files.resolve("access").toString())
            .set("spendwatch.http.tls.certificate-file", file("http.crt"))
            .set("spendwatch.http.tls.key-file", file("http.key"))
            .set("spendwatch.http.tls.authorities-file", file("ours.crt"))
            .set("spendwatch.cluster.tls.authorities-file", file("ours.crt"));
    for (String name : List.of("node-1", "node-2")) {
      settings
          .set("spendwatch.node-id", name)
          .set("spendwatch.cluster.tls.certificate-file", file(name + ".crt"))
          .set("spendwatch.cluster.tls.key-file", file(name + ".key"));
      nodes.add(Node.start(Configuration.load(), InstantSource.system()));
    }
    settings.set("spendwatch.http.port", Integer.toString(nodes.getFirst().httpPort()));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(nodes)
                    .allSatisfy(
                        node -> {
                          assertThat(node.status().node().state()).isEqualTo(State.READY);
                          assertThat(node.status().members())
                              .extracting(NodeStatus.Member::status)
                              .containsExactly("Up", "Up");
                        }));
  }

  @AfterAll
  void stop() throws Exception {
    for (Node node : nodes) {
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
    if (settings != null) {
      settings.close();
    }
  }

  /**
   * An actor system of the same name that asks a node who it is, who there knows users' windows, to
   * be let in, and to leave the cluster itself. It is the certificate that decides, and nothing
   * else: with a good one it is answered.
   */
  @ParameterizedTest
  @CsvSource({
    "tcp, , false",
    "tls-tcp, stranger, false",
    "tls-tcp, printer, false",
    "tls-tcp, valid, true"
  })
  void onlyWhoHasACertificateOfTheClusterIsAnswered(
      String transport, String certificate, boolean isAnswered) throws Exception {
    Address node = address(nodes.getFirst());
    ActorSystem rogue = ActorSystem.create("spendwatch", rogue(transport, certificate));
    try {
      if (!isAnswered) {
        Cluster.get(rogue).join(node);
        // Of whoever is heard, a word would be enough.
        rogue
            .actorSelection(node + DAEMON)
            .tell(new ClusterUserAction.Down(node), ActorRef.noSender());
      }
      for (CompletionStage<?> found :
          Stream.of(DAEMON, WINDOWS)
              .map(
                  path ->
                      rogue
                          .actorSelection(node + path)
                          .resolveOne(isAnswered ? PATIENCE : ROGUE_PATIENCE))
              .toList()) {
        if (isAnswered) {
          assertThat(found.toCompletableFuture().get(60, TimeUnit.SECONDS)).isNotNull();
        } else {
          assertThatThrownBy(() -> found.toCompletableFuture().join())
              .isInstanceOf(CompletionException.class)
              .hasCauseInstanceOf(ActorNotFound.class);
        }
      }
      assertThat(nodes.getFirst().status().members()).hasSize(2);
    } finally {
      // Not waited for: where both ends close at once, a stream with TLS may never end.
      rogue.terminate();
    }
    assertThat(nodes).allMatch(each -> each.status().node().state() == State.READY);
  }

  /**
   * Who may write into the table of nodes, or answers where nodes look for each other, names a
   * cluster of his own: plainly, and by TLS with a certificate of somebody else's. A node that
   * starts then asks both and believes neither.
   */
  @Test
  void forgedNodesLeadNobodyAstray(TestBed bed) throws Exception {
    ActorSystem rogue = ActorSystem.create("spendwatch", rogue("tls-tcp", "stranger"));
    Address forged = Cluster.get(rogue).selfAddress();
    Cluster.get(rogue).join(forged);
    HttpServer plain =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    HttpsServer strangers =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(
        Pem.keys("", file("stranger.crt"), "", file("stranger.key")).getKeyManagers(), null, null);
    strangers.setHttpsConfigurator(new HttpsConfigurator(tls));
    var answered = new AtomicInteger();
    TestDatabase tables = new TestDatabase(bed.database());
    for (HttpServer server : List.of(plain, strangers)) {
      server.createContext("/", exchange -> answer(exchange, forged, answered));
      server.start();
      int port = server.getAddress().getPort();
      tables.execute(
          String.format(
              Locale.ROOT,
              "SELECT spendwatch.register_node('0-forged-%1$d', '%2$s', '127.0.0.1', %1$d, now(), '10 s')",
              port,
              forged),
          "UPDATE spendwatch.nodes SET renewed_at = now() + interval '1 h' WHERE node_id ^@ '0-forged'");
    }
    settings
        .set("spendwatch.node-id", "node-3")
        .set("spendwatch.http.port", "0")
        .set("spendwatch.cluster.tls.certificate-file", file("valid.crt"))
        .set("spendwatch.cluster.tls.key-file", file("valid.key"));
    ConfigFactory.invalidateCaches();
    Node third = Node.start(Configuration.load(), InstantSource.system());
    try {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(third.status().members())
                      .extracting(NodeStatus.Member::status)
                      .containsExactly("Up", "Up", "Up"));
      assertThat(third.status().members())
          .extracting(NodeStatus.Member::address)
          .contains(address(nodes.getFirst()).toString())
          .doesNotContain(forged.toString());
      assertThat(answered).hasValue(0);
    } finally {
      tables.execute("DELETE FROM spendwatch.nodes WHERE node_id ^@ '0-forged'");
      third.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
      settings.set("spendwatch.http.port", Integer.toString(nodes.getFirst().httpPort()));
      plain.stop(0);
      strangers.stop(0);
      // Not waited for: where both ends close at once, a stream with TLS may never end.
      rogue.terminate();
    }
    await().atMost(PATIENCE).until(() -> nodes.getFirst().status().members().size() == 2);
  }

  /** As Cluster Bootstrap of a member does. */
  private static void answer(HttpExchange exchange, Address forged, AtomicInteger answered)
      throws IOException {
    answered.incrementAndGet();
    byte[] body =
        String.format(
                Locale.ROOT,
                "{\"selfNode\":\"%1$s\",\"seedNodes\":[{\"node\":\"%1$s\",\"nodeUid\":1,\"status\":\"Up\",\"roles\":[]}]}",
                forged)
            .getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static Address address(Node node) {
    return AddressFromURIString.parse(node.status().node().address());
  }

  private Config rogue(String transport, String certificate) {
    Map<String, Object> own = new HashMap<>();
    own.put("pekko.remote.artery.transport", transport);
    own.put("pekko.remote.artery.canonical.port", 0);
    own.put("pekko.coordinated-shutdown.exit-jvm", "off");
    // It has no database to ask.
    own.put("pekko.cluster.downing-provider-class", "");
    if (certificate != null) {
      own.put(
          "pekko.remote.artery.ssl.ssl-engine-provider", "io.spendwatch.ops.cluster.ClusterTls");
      own.put("spendwatch.cluster.tls.certificate-file", file(certificate + ".crt"));
      own.put("spendwatch.cluster.tls.key-file", file(certificate + ".key"));
      // It trusts us: that decides nothing.
      own.put("spendwatch.cluster.tls.authorities-file", file("ours.crt"));
    }
    return ConfigFactory.parseMap(own).withFallback(Configuration.load().raw());
  }

  @Test
  void aCommandThatHasNoTokenIsToldSo() {
    assertThat(run(1, "status")).contains("asks for a token", "SPENDWATCH_HTTP_TOKEN_FILE");
    assertThat(run(1, "user", "42")).contains("asks for a token");
    set("spendwatch.http.token", "Xk7-of-nobody");
    assertThat(run(1, "status"))
        .contains("does not know the token")
        .doesNotContain("Xk7-of-nobody");
    forget("spendwatch.http.token");
  }

  @Test
  void aCommandShowsTheTokenOfItsFile() throws Exception {
    Path token = Files.writeString(files.resolve("token"), TOKEN + "\n");
    set("spendwatch.http.token-file", token.toString());
    assertThat(run(0, "status")).contains("node-1", "node-2");
    assertThat(run(0, "status", "--json")).contains("\"nodes\"");
    assertThat(run(0, "top")).isNotEmpty();
    // Windows in memory are asked for over HTTP, too.
    assertThat(run(0, "audit")).contains("lean");
    set("spendwatch.http.tls.authorities-file", file("others.crt"));
    assertThat(run(1, "status")).contains("not trusted", "SPENDWATCH_HTTP_TLS_AUTHORITIES_FILE");
    set("spendwatch.http.tls.authorities-file", file("ours.crt"));
    forget("spendwatch.http.token-file");
  }

  @Test
  void aNodeThatOthersReachDoesNotStartWithOpenDoors() {
    forget("spendwatch.http.access.file");
    set("spendwatch.http.host", "0.0.0.0");
    assertThatThrownBy(() -> Node.start(Configuration.load(), InstantSource.system()))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("SPENDWATCH_HTTP_ACCESS_FILE");
    set("spendwatch.http.host", "127.0.0.1");
    set("spendwatch.http.access.file", files.resolve("access").toString());
    set("spendwatch.cluster.bind-host", "0.0.0.0");
    forget("spendwatch.cluster.tls.certificate-file");
    forget("spendwatch.cluster.tls.key-file");
    assertThatThrownBy(() -> Node.start(Configuration.load(), InstantSource.system()))
        .isInstanceOf(OperatorException.class)
        .hasMessageContainingAll(
            "spendwatch.cluster.bind-host: 0.0.0.0", "SPENDWATCH_CLUSTER_WITHOUT_TLS");
    forget("spendwatch.cluster.bind-host");
  }

  /** In a real browser, where there is one. */
  @Test
  void theDashboardAsksForATokenAndGoesOn(@TempDir Path profile) throws Exception {
    Optional<Path> program = Browser.program();
    assumeTrue(program.isPresent(), "no browser");
    try (Browser browser = Browser.start(program.get(), profile)) {
      browser.takeAnyCertificate();
      browser.resize(1280, 800);
      browser.open(URI.create("https://127.0.0.1:" + nodes.getFirst().httpPort() + "/#/cluster"));
      await()
          .atMost(PATIENCE)
          .until(() -> browser.isTrue("document.querySelector('dialog[open]')"));
      assertThat(browser.text()).contains("This node asks who you are");
      browser.screenshot(Path.of("target", "token-asked.png"));
      enter(browser, "Xk7-of-nobody");
      await().atMost(PATIENCE).until(() -> browser.text().contains("does not know the token"));
      enter(browser, TOKEN);
      await().atMost(PATIENCE).until(() -> browser.text().contains("node-2"));
      await().atMost(PATIENCE).until(() -> browser.text().contains("Live"));
      assertThat(browser.isTrue("document.querySelector('dialog')")).isFalse();
      assertThat(browser.evaluate("document.getElementById('login').innerText").asText())
          .isEqualTo("Sign out");
      browser.screenshot(Path.of("target", "token-given.png"));
      // A page that is loaded anew has it still.
      browser.evaluate("location.reload()");
      await().atMost(PATIENCE).until(() -> browser.text().contains("node-2"));
      browser.evaluate("document.getElementById('login').click()");
      await()
          .atMost(PATIENCE)
          .until(() -> browser.isTrue("document.querySelector('dialog[open]')"));
      browser.evaluate("document.querySelector('dialog button[type=button]').click()");
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  browser
                      .evaluate("document.getElementById('login').innerText")
                      .asText()
                      .equals("Sign in"));
      assertThat(browser.text()).doesNotContain("node-2");
      browser.screenshot(Path.of("target", "token-declined.png"));
      assertThat(browser.errors()).filteredOn(error -> !error.contains("status of 401")).isEmpty();
    }
  }

  /** As the demo's address has it, in a page that is opened and in one that is open. */
  @Test
  void theDashboardTakesATokenFromItsAddress(@TempDir Path profile) throws Exception {
    Optional<Path> program = Browser.program();
    assumeTrue(program.isPresent(), "no browser");
    URI node = URI.create("https://127.0.0.1:" + nodes.getFirst().httpPort() + "/");
    try (Browser browser = Browser.start(program.get(), profile)) {
      browser.takeAnyCertificate();
      browser.open(node.resolve("/#token=" + TOKEN));
      awaitSignedIn(browser, node);

      browser.evaluate("document.getElementById('login').click()");
      await()
          .atMost(PATIENCE)
          .until(() -> browser.isTrue("document.querySelector('dialog[open]')"));
      // The dialog is declined when the page has the token, and has not begun anew with it.
      browser.evaluate(
          "addEventListener('hashchange', () =>"
              + " document.querySelector('dialog button[type=button]').click());"
              + " location.hash = 'token="
              + TOKEN
              + "'");
      awaitSignedIn(browser, node);
      assertThat(browser.errors()).filteredOn(error -> !error.contains("status of 401")).isEmpty();
    }
  }

  private static void awaitSignedIn(Browser browser, URI node) {
    await()
        .atMost(PATIENCE)
        .until(() -> browser.text().contains("Sign out") && browser.text().contains("Live"));
    await()
        .atMost(PATIENCE)
        .until(() -> browser.evaluate("location.href").asText().equals(node.toString()));
  }

  private static void enter(Browser browser, String token) throws Exception {
    await()
        .atMost(PATIENCE)
        .until(() -> browser.isTrue("document.querySelector('dialog[open] #token')"));
    browser.evaluate(
        "document.getElementById('token').value = '"
            + token
            + "'; document.querySelector('dialog button[type=submit]').click()");
  }

  private void set(String key, String value) {
    settings.set(key, value);
    ConfigFactory.invalidateCaches();
  }

  private static void forget(String key) {
    System.clearProperty(key);
    ConfigFactory.invalidateCaches();
  }

  private String file(String name) {
    return files.resolve(name).toString();
  }

  /** What it says on both outputs. */
  private static String run(int status, String... arguments) {
    var said = new StringWriter();
    var writer = new PrintWriter(said, true);
    CommandLine commandLine = Spendwatch.commandLine(Lab.commands());
    commandLine.setOut(writer);
    commandLine.setErr(writer);
    int ended = commandLine.execute(arguments);
    assertThat(ended).as("%s", said).isEqualTo(status);
    assertThat(said.toString()).doesNotContain(TOKEN, OPERATORS);
    return said.toString();
  }
}
