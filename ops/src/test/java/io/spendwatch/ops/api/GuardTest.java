package io.spendwatch.ops.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.spendwatch.ops.access.AccessFile;
import io.spendwatch.ops.access.Role;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.testing.OpenApiDocument;
import io.spendwatch.ops.testing.OpenApiDocument.Operation;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Whom a node lets in, from the outside. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GuardTest {
  private static final String RECONCILIATIONS = "/api/v1/reconciliations";

  private final HttpClient client = HttpClient.newHttpClient();

  /** Anybody may ask. */
  private ServedApi open;

  /** Who has a token: that is called as its role is, twice. */
  private ServedApi closed;

  /** Answers everything. */
  private static final class Anything implements Resource {
    @Override
    public Route routes() {
      return Directives.complete(StatusCodes.OK, "reached");
    }
  }

  private final List<String> trail = new CopyOnWriteArrayList<>();

  @BeforeAll
  void listen(@TempDir Path directory) throws Exception {
    Path file =
        Files.write(
            directory.resolve("access"),
            Stream.concat(
                    Stream.of("# who may ask", ""),
                    Arrays.stream(Role.values())
                        .map(role -> AccessFile.line("the-" + role.word(), role, token(role))))
                .toList());
    InstantSource clock = InstantSource.system();
    open =
        ServedApi.of(
            List.of(new DashboardResource(), new Anything()),
            new Guard(Optional.empty(), Set.of("spendwatch.example"), (_, _, _, _) -> {}, clock));
    closed =
        ServedApi.of(
            List.of(new Anything()),
            new Guard(
                Optional.of(AccessFile.read("test", file.toString(), clock)),
                Set.of(),
                (caller, from, what, status) ->
                    trail.add(caller.name() + " " + from + " " + what + " " + status),
                clock));
  }

  @AfterAll
  void close() {
    client.close();
    open.close();
    closed.close();
  }

  private static String token(Role role) {
    return role.word() + "-" + role.word();
  }

  /** A browser that asks again takes the headers of the answer for those that it has kept. */
  @Test
  void whatIsNotModifiedKeepsItsOwnPolicy() throws Exception {
    HttpResponse<String> page = send(open, "GET", "/");
    HttpResponse<String> again =
        send(open, "GET", "/", "If-None-Match", page.headers().firstValue("etag").orElseThrow());
    assertThat(again.statusCode()).isEqualTo(304);
    String policy = "content-security-policy";
    assertThat(page.headers().firstValue(policy)).isPresent();
    assertThat(again.headers().firstValue(policy))
        .isIn(Optional.empty(), page.headers().firstValue(policy));
  }

  @Test
  void whatChangesSomethingIsToldOfAndNothingElse() throws Exception {
    trail.clear();
    String operator = "Bearer " + token(Role.OPERATOR);
    assertThat(send(closed, "GET", "/api/v1/users/1", "Authorization", operator).statusCode())
        .isEqualTo(200);
    assertThat(send(closed, "POST", "/api/v1/check", "Authorization", operator).statusCode())
        .isEqualTo(200);
    assertThat(
            send(closed, "POST", "/api/v1/reconciliations", "Authorization", "Bearer x")
                .statusCode())
        .isEqualTo(401);
    assertThat(trail).isEmpty();

    assertThat(
            send(closed, "POST", "/api/v1/reconciliations", "Authorization", operator).statusCode())
        .isEqualTo(200);
    assertThat(trail).containsExactly("the-operator 127.0.0.1 POST /api/v1/reconciliations 200");
  }

  static Stream<Operation> operations() {
    return OpenApiDocument.load().operations().stream();
  }

  /** What the contract says of each operation is what happens, role by role. */
  @ParameterizedTest
  @MethodSource("operations")
  void eachOperationNeedsTheRoleThatTheContractNames(Operation operation) throws Exception {
    JsonNode needed = operation.node().at("/security/0/bearer/0");
    String path = operation.path().replaceAll("\\{[^}]+}", "1");
    HttpResponse<String> unknown = send(closed, operation.method(), path);
    if (needed.isMissingNode()) {
      assertThat(unknown.statusCode()).isEqualTo(200);
      return;
    }
    assertThat(unknown.statusCode()).isEqualTo(401);
    assertThat(unknown.headers().firstValue("www-authenticate"))
        .hasValue("Bearer realm=\"spendwatch\"");
    Role role = Role.named(needed.asText()).orElseThrow();
    for (Role has : Role.values()) {
      HttpResponse<String> response =
          send(closed, operation.method(), path, "Authorization", "Bearer " + token(has));
      assertThat(response.statusCode())
          .as("%s %s as %s", operation.method(), path, has)
          .isEqualTo(has.includes(role) ? 200 : 403);
      if (!has.includes(role)) {
        assertThat(response.body()).contains("needs the role " + role.word());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /api/v1/events?types=stats, viewer",
    "GET, '/api/v1/events?types=stats,cluster', viewer",
    "GET, '/api/v1/events?types=stats,alert', analyst",
    "GET, '/api/v1/events?types=stats&types=alert', analyst",
    "GET, /api/v1/events?types=, analyst",
    "GET, /api/v1/analysis/top-spenders, analyst",
    "GET, /api/v1/no-such-thing, analyst",
    "GET, /%61pi/v1/users/1, analyst",
    "GET, /no-such-thing, analyst",
    "GET, /health, analyst",
    "GET, /health/ready/more, analyst",
    "HEAD, /metrics, viewer",
    "POST, /metrics, operator",
    "POST, /, operator",
    "PUT, /api/v1/check, operator",
    "DELETE, /api/v1/users/1, operator",
    "POST, /api/v1/partitions/3/windows/more, operator"
  })
  void whatNobodyHasThoughtOfIsNotOpen(String method, String path, String role) throws Exception {
    assertThat(send(closed, method, path).statusCode()).isEqualTo(401);
    for (Role has : Role.values()) {
      assertThat(send(closed, method, path, "Authorization", "Bearer " + token(has)).statusCode())
          .as("%s %s as %s", method, path, has)
          .isEqualTo(has.includes(Role.named(role).orElseThrow()) ? 200 : 403);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer nobody",
        "Bearer",
        "Bearer ",
        "Basic operator-operator",
        "operator-operator",
        "Bearer operator-operator operator-operator",
        "Bearer \"operator-operator\"",
        "Bearer OPERATOR-OPERATOR"
      })
  void aTokenThatNobodyHasOpensNothingAndIsNotRepeated(String authorization) throws Exception {
    HttpResponse<String> response =
        send(closed, "GET", "/api/v1/status", "Authorization", authorization);
    assertThat(response.statusCode()).isEqualTo(401);
    assertThat(response.headers().firstValue("www-authenticate").orElseThrow())
        .contains("invalid_token");
    assertThat(response.body()).contains("this token is not valid").doesNotContain("operator");
  }

  /** As a page of elsewhere would, with the person's browser: nothing has a token there. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Origin: http://evil.example                                        | 403
          Origin: null                                                       | 403
          Origin: https://evil.example:8080                                  | 403
          Origin: http://HERE.evil.example                                   | 403
          Origin: http://HERE                                                | 200
          Origin: https://spendwatch.example                                 | 200
          Sec-Fetch-Site: cross-site                                         | 403
          Sec-Fetch-Site: same-origin                                        | 200
          """)
  void aPageOfAnotherOriginChangesNothing(String header, int status) throws Exception {
    int colon = header.indexOf(':');
    String value =
        header.substring(colon + 1).strip().replace("HERE", open.server().getAuthority());
    for (String path : List.of(RECONCILIATIONS, "/api/v1/check")) {
      assertThat(send(open, "POST", path, header.substring(0, colon), value).statusCode())
          .as(path)
          .isEqualTo(status);
    }
    // What it reads, the browser does not show it.
    assertThat(send(open, "GET", "/api/v1/status", header.substring(0, colon), value).statusCode())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "application/x-www-form-urlencoded, mode=full, 415",
    "text/plain, {}, 415",
    "multipart/form-data; boundary=x, --x--, 415",
    "application/json-seq, {}, 415",
    "application/json, {}, 200",
    "application/json; charset=utf-8, {}, 200",
    ", {}, 415",
    ", '', 200"
  })
  void whatChangesSomethingIsJson(String type, String body, int status) throws Exception {
    for (String path : List.of(RECONCILIATIONS, "/api/v1/dead-letters/t/1/2/replay")) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(open.server().resolve(path))
              .POST(HttpRequest.BodyPublishers.ofString(body));
      if (type != null) {
        request.header("Content-Type", type);
      }
      assertThat(ask(request).statusCode()).as(path).isEqualTo(status);
    }
  }

  /** A name of anybody's can be made to lead to 127.0.0.1; what is shown is then that page's. */
  @ParameterizedTest
  @CsvSource({
    "evil.example, 421",
    "evil.example:8080, 421",
    "localhost.evil.example, 421",
    "127.0.0.1.evil.example, 421",
    "localhost, 200",
    "localhost:99, 200",
    "LOCALHOST:99, 200",
    "127.0.0.1:1, 200",
    "10.1.2.3, 200",
    "[::1]:8080, 200",
    "spendwatch.example, 200",
    "Spendwatch.Example:443, 200"
  })
  void isCalledByItsNames(String host, int status) throws Exception {
    assertThat(statusOf(open, host, "")).isEqualTo(status);
  }

  /** Services have names that nobody has told the node; a page that was led here has no token. */
  @Test
  void isCalledByAnyNameWhereATokenIsNeeded() throws Exception {
    assertThat(statusOf(closed, "spendwatch.default.svc", "")).isEqualTo(401);
    assertThat(
            statusOf(
                closed,
                "spendwatch.default.svc",
                "Authorization: Bearer " + token(Role.VIEWER) + "\r\n"))
        .isEqualTo(200);
  }

  @Test
  void browsersAreToldWhatNoPageMayDoWithIt() throws Exception {
    for (String path : List.of("/api/v1/status", "/metrics", "/nowhere", "/")) {
      HttpHeaders headers = send(open, "GET", path).headers();
      assertThat(headers.firstValue("x-content-type-options")).as(path).hasValue("nosniff");
      assertThat(headers.firstValue("x-frame-options")).as(path).hasValue("DENY");
      assertThat(headers.firstValue("referrer-policy")).as(path).hasValue("no-referrer");
      assertThat(headers.allValues("content-security-policy"))
          .as(path)
          .singleElement()
          .asString()
          .contains("default-src 'none'", "frame-ancestors 'none'");
    }
    assertThat(send(open, "GET", "/api/v1/status").headers().firstValue("cache-control"))
        .hasValue("no-store");
    HttpHeaders refused = send(closed, "GET", "/api/v1/status").headers();
    assertThat(refused.firstValue("x-content-type-options")).hasValue("nosniff");
  }

  /** Whoever reads the log knows who it was, and learns no token. */
  @Test
  void theLogSaysWhoChangedWhat() throws Exception {
    var lines = new ListAppender<ILoggingEvent>();
    lines.start();
    var log = (Logger) LoggerFactory.getLogger(RequestLog.class);
    Level before = log.getLevel();
    log.setLevel(Level.INFO);
    log.addAppender(lines);
    try {
      String shown = "Bearer " + token(Role.OPERATOR);
      send(closed, "POST", RECONCILIATIONS + "?mode=full", "Authorization", shown);
      // The first one may come within the second of one that another test has refused.
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                send(closed, "POST", RECONCILIATIONS, "Authorization", "Bearer wrong-first");
                return lines.list.size() > 1;
              });
      for (int i = 0; i < 100; i++) {
        send(closed, "POST", RECONCILIATIONS, "Authorization", "Bearer wrong-" + i);
      }
      List<String> said =
          lines.list.stream()
              .map(line -> line.getFormattedMessage() + " " + line.getKeyValuePairs())
              .toList();
      assertThat(said)
          .first()
          .asString()
          .contains("Request", "the-operator", "127.0.0.1", "POST", RECONCILIATIONS, "200")
          .doesNotContain("mode=full");
      assertThat(said).filteredOn(line -> line.contains("refused")).hasSizeBetween(1, 20);
      assertThat(said.toString()).doesNotContain(token(Role.OPERATOR), "wrong-");
    } finally {
      log.detachAppender(lines);
      log.setLevel(before);
    }
  }

  private HttpResponse<String> send(ServedApi api, String method, String path, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(api.server() + path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return ask(request);
  }

  private HttpResponse<String> ask(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** By hand: no client lets the host be chosen. */
  private static int statusOf(ServedApi api, String host, String headers) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), api.server().getPort())) {
      socket
          .getOutputStream()
          .write(
              ("GET /api/v1/status HTTP/1.1\r\nHost: "
                      + host
                      + "\r\nConnection: close\r\n"
                      + headers
                      + "\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      return Integer.parseInt(answer.split(" ", 3)[1]);
    }
  }
}
