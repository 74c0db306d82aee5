package io.spendwatch.ops.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.AnalysisConfig;
import io.spendwatch.ops.analysis.AnalysisMetrics;
import io.spendwatch.ops.analysis.Report;
import io.spendwatch.ops.analysis.ReportQuestion;
import io.spendwatch.ops.analysis.SharedReports;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.api.answers.Problem;
import io.spendwatch.ops.api.live.HealthResource;
import io.spendwatch.ops.api.live.MetricsResource;
import io.spendwatch.ops.api.live.PartitionsResource;
import io.spendwatch.ops.api.live.StatusResource;
import io.spendwatch.ops.api.stored.AnalysisResource;
import io.spendwatch.ops.api.stored.ReconciliationsResource;
import io.spendwatch.ops.audit.AuditHistory;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.status.ReplicaStatus;
import io.spendwatch.ops.status.StatusSamples;
import io.spendwatch.ops.testing.ManualTime;
import io.spendwatch.ops.testing.OpenApiAnswers;
import io.spendwatch.ops.testing.OpenApiDocument;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.apache.pekko.Done;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpApiTest {
  private static final NodeStatus READY = StatusSamples.node(State.READY, List.of());
  private static final NodeStatus WAITING =
      StatusSamples.node(State.WAITING, List.of("Kafka", "PostgreSQL"));

  private final HttpClient client = HttpClient.newHttpClient();
  private final OpenApiAnswers answers = new OpenApiAnswers();
  private volatile NodeStatus status = READY;
  private volatile OptionalInt partitions = OptionalInt.of(8);
  private volatile AuditHistory.Recent recent;
  private volatile CompletionStage<Optional<AuditReport>> run;
  private volatile AuditReport.Mode asked;
  private final AskedWindows windows = new AskedWindows();
  private final CountedAnswers counted = new CountedAnswers();
  private volatile CompletableFuture<AnalysisAnswer> reported = new CompletableFuture<>();
  private final CompletableFuture<CompletionStage<?>> unwanted = new CompletableFuture<>();
  private ServedApi api;
  private URI server;

  @BeforeAll
  void listen() throws Exception {
    api =
        ServedApi.of(
            List.of(
                new HealthResource(this::answer),
                new StatusResource(this::answer, this::answerForAll),
                new ReconciliationsResource(
                    () -> CompletableFuture.completedFuture(recent),
                    this::run,
                    Duration.ofMillis(200)),
                new PartitionsResource(() -> partitions, windows),
                new AnalysisResource(
                    new SharedReports(
                        this::report,
                        new AnalysisConfig.Sharing(Duration.ZERO, 10, 1_000_000),
                        new ManualTime(),
                        counted),
                    counted),
                new MetricsResource(() -> "a_metric 1.0\n"),
                new DocsResource()));
    server = api.server();
  }

  @AfterAll
  void close() {
    client.close();
    api.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/health/live",
        "/health/ready",
        "/api/v1/status",
        "/metrics",
        "/openapi.yaml",
        "/docs",
        "/nowhere"
      })
  void headIsGetWithoutTheBody(String path) throws Exception {
    HttpResponse<String> got = get(path);
    HttpResponse<String> head = send(HttpRequest.newBuilder(server.resolve(path)).HEAD().build());
    assertThat(head.statusCode()).isEqualTo(got.statusCode());
    assertThat(head.headers().firstValue("content-type"))
        .isEqualTo(got.headers().firstValue("content-type"));
    assertThat(head.body()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "", "1", "[]", "\"x\"", "{", "{\"users\":null,\"limit\":null} x"})
  void aBodyThatIsNoRequestIsABadRequest(String body) throws Exception {
    for (String what : List.of("windows", "reread")) {
      HttpResponse<String> response = post("/api/v1/partitions/3/" + what, body);
      assertThat(response.statusCode()).as(what + " " + body).isEqualTo(400);
      assertThat(response.headers().firstValue("content-type"))
          .hasValueSatisfying(type -> assertThat(type).startsWith("application/problem+json"));
    }
  }

  @Test
  void aReportIsJsonOrCsvAndCountedByWhereItIsFrom() throws Exception {
    Instant at = Instant.parse("2024-07-12T16:00:00Z");
    reported =
        CompletableFuture.completedFuture(
            new AnalysisAnswer(
                "top-merchants",
                at,
                at,
                List.of("merchant", "net"),
                List.of(List.of("=1+1", "-5.00"), List.of("a,b", "2.00")),
                false,
                "rollup",
                null,
                at,
                12,
                7,
                34));
    HttpResponse<String> json = get("/api/v1/analysis/top-merchants");
    assertThat(json.body()).contains("\"source\":\"rollup\",\"asOf\":\"2024-07-12T16:00:00.000Z\"");
    HttpResponse<String> csv =
        send(
            HttpRequest.newBuilder(server.resolve("/api/v1/analysis/top-merchants"))
                .header("Accept", "text/csv")
                .build());
    assertThat(csv.headers().firstValue("Content-Type")).hasValue("text/csv; charset=UTF-8");
    assertThat(csv.headers().firstValue("Spendwatch-Source")).hasValue("rollup");
    assertThat(csv.headers().firstValue("Spendwatch-As-Of")).hasValue("2024-07-12T16:00:00.000Z");
    assertThat(csv.body()).isEqualTo("merchant,net\r\n'=1+1,-5.00\r\n\"a,b\",2.00\r\n");
    reported = CompletableFuture.failedFuture(new OperatorException("it is being built"));
    assertThat(get("/api/v1/analysis/rfm").statusCode()).isEqualTo(503);
    assertThat(get("/api/v1/analysis/top-merchants?maxAge=0").statusCode()).isEqualTo(503);
    assertThat(get("/api/v1/analysis/top-merchants?maxAge=500ms").body()).isEqualTo(json.body());
    for (String wrong : List.of("5", "-1s", "11m", "1h", "s", "", "5s5s", "99999999999s")) {
      HttpResponse<String> refused = get("/api/v1/analysis/top-merchants?maxAge=" + wrong);
      assertThat(refused.statusCode()).as(wrong).isEqualTo(400);
      assertThat(refused.body()).contains("maxAge: expected: a duration such as 5s");
    }
    assertThat(counted.counts)
        // Who has gone away, in another test.
        .filteredOn(count -> !count.startsWith("cohorts"))
        .containsExactly(
            "top-merchants rollup",
            "top-merchants rollup",
            "rfm refused",
            "top-merchants refused",
            "top-merchants shared",
            "top-merchants rollup");
  }

  @Test
  void whoClosesTheConnectionWantsNoAnswerAnyMore() throws Exception {
    reported = new CompletableFuture<>();
    var socket = new Socket(server.getHost(), server.getPort());
    socket
        .getOutputStream()
        .write("GET /api/v1/analysis/cohorts HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".getBytes(UTF_8));
    socket.getOutputStream().flush();
    CompletionStage<?> closed = unwanted.get(10, TimeUnit.SECONDS);
    assertThat(closed.toCompletableFuture()).isNotDone();
    socket.close();
    assertThat(closed.toCompletableFuture()).succeedsWithin(Duration.ofSeconds(10));
  }

  private CompletionStage<AnalysisAnswer> report(
      ReportQuestion question, CompletionStage<?> nobodyWants) {
    if (question.report() == Report.COHORTS) {
      unwanted.complete(nobodyWants);
    }
    return reported;
  }

  private static final class CountedAnswers implements AnalysisMetrics {
    private final List<String> counts = new CopyOnWriteArrayList<>();

    @Override
    public void answered(String report, String source) {
      counts.add(report + " " + source);
    }

    @Override
    public void read(String report, Duration took) {
      assertThat(took).isEqualTo(Duration.ofMillis(7));
    }

    @Override
    public void shared(String report) {
      counts.add(report + " shared");
    }

    @Override
    public void refused(String report) {
      counts.add(report + " refused");
    }

    @Override
    public void replica(ReplicaStatus replica) {
      throw new AssertionError("there is none");
    }
  }

  @Test
  void reconciliationsAreThoseOfTheTables() throws Exception {
    recent = new AuditHistory.Recent(List.of(), List.of());
    HttpResponse<String> response = get("/api/v1/reconciliations");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("{\"runs\":[],\"openFindings\":[]}");
  }

  @Test
  void aRunIsAnsweredWhenItHasSoonEnded() throws Exception {
    run = CompletableFuture.completedFuture(Optional.of(report()));
    HttpResponse<String> response = post("/api/v1/reconciliations?mode=full");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("\"runId\":7,\"mode\":\"FULL\"");
    assertThat(asked).isEqualTo(AuditReport.Mode.FULL);
  }

  @Test
  void aRunThatGoesOnIsAccepted() throws Exception {
    run = new CompletableFuture<>();
    HttpResponse<String> response = post("/api/v1/reconciliations");
    assertThat(response.statusCode()).isEqualTo(202);
    assertThat(response.headers().firstValue("Location")).hasValue("/api/v1/reconciliations");
    assertThat(response.body())
        .isEqualTo("{\"mode\":\"incremental\",\"seeAt\":\"/api/v1/reconciliations\"}");
  }

  @Test
  void oneRunAtATime() throws Exception {
    run = CompletableFuture.completedFuture(Optional.empty());
    HttpResponse<String> response = post("/api/v1/reconciliations");
    assertThat(response.statusCode()).isEqualTo(409);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    run = CompletableFuture.failedFuture(new OperatorException("Kafka is away"));
    assertThat(post("/api/v1/reconciliations").statusCode()).isEqualTo(503);
    assertThat(post("/api/v1/reconciliations?mode=some").statusCode()).isEqualTo(400);
  }

  private CompletionStage<Optional<AuditReport>> run(AuditReport.Mode mode) {
    asked = mode;
    return run;
  }

  private static AuditReport report() {
    Instant at = Instant.parse("2024-07-12T00:00:00Z");
    return new AuditReport(
        7, AuditReport.Mode.FULL, at, at, at, at, 1, 0, 1, 0, 0L, null, 0, List.of());
  }

  private HttpResponse<String> post(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(server.resolve(path))
            .POST(HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void metricsAreInTheTextFormatOfPrometheus() throws Exception {
    HttpResponse<String> response = get("/metrics");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("text/plain; version=0.0.4");
    assertThat(response.body()).isEqualTo("a_metric 1.0\n");
  }

  @Test
  void servesItsOwnDescription() throws Exception {
    HttpResponse<String> served = get("/openapi.yaml");
    assertThat(served.statusCode()).isEqualTo(200);
    assertThat(new YAMLMapper().readTree(served.body())).isEqualTo(OpenApiDocument.load().json());
  }

  /** So that the page works on a machine that reaches nothing else, and runs only our scripts. */
  @Test
  void theDocumentationTakesEverythingFromThisNode() throws Exception {
    HttpResponse<String> page = get("/docs");
    assertThat(page.headers().firstValue("content-security-policy"))
        .hasValueSatisfying(policy -> assertThat(policy).startsWith("default-src 'none'"));
    List<String> files =
        Pattern.compile("(?:src|href)=\"([^\"]+)\"")
            .matcher(page.body())
            .results()
            .map(file -> file.group(1))
            .filter(file -> !file.startsWith("data:"))
            .toList();
    assertThat(files).contains("docs/swagger-ui-bundle.js", "openapi.yaml");
    for (String file : files) {
      HttpResponse<String> served =
          client.send(
              HttpRequest.newBuilder(server.resolve("/").resolve(file)).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(served.statusCode()).as(file).isEqualTo(200);
      assertThat(served.body()).as(file).isNotEmpty();
    }
    assertThat(get("/docs/swagger-initializer.js").statusCode()).isEqualTo(404);
  }

  private NodeStatus answer() {
    if (status == null) {
      throw new IllegalStateException("a fault of ours");
    }
    return status;
  }

  private CompletionStage<ClusterStatus> answerForAll() {
    return CompletableFuture.completedFuture(ClusterStatus.of(answer(), List.of(), List.of()));
  }

  @Test
  void isReadyOnlyWhenNothingIsWaitedFor() throws Exception {
    status = READY;
    assertThat(get("/health/ready").statusCode()).isEqualTo(200);
    status = WAITING;
    HttpResponse<String> waiting = get("/health/ready");
    assertThat(waiting.statusCode()).isEqualTo(503);
    assertThat(waiting.body())
        .isEqualTo("{\"status\":\"waiting\",\"waitingFor\":[\"Kafka\",\"PostgreSQL\"]}");
    status = StatusSamples.node(State.DRAINING, List.of());
    assertThat(get("/health/ready").statusCode()).isEqualTo(503);
  }

  @Test
  void livesWhateverItWaitsFor() throws Exception {
    status = WAITING;
    assertThat(get("/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  void tellsTheStatusOfTheClusterOrItsOwn() throws Exception {
    status = WAITING;
    HttpResponse<String> response = get("/api/v1/status");
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(Json.read(response.body(), ClusterStatus.class))
        .isEqualTo(ClusterStatus.of(WAITING, List.of(), List.of()));
    assertThat(Json.read(get("/api/v1/status?scope=node").body(), NodeStatus.class))
        .isEqualTo(WAITING);
    assertThat(get("/api/v1/status?scope=galaxy").statusCode()).isEqualTo(400);
  }

  @Test
  void saysInProblemJsonWhatIsWrongWithARequest() throws Exception {
    status = READY;
    HttpResponse<String> missing = get("/api/v1/no-such-thing");
    assertThat(missing.statusCode()).isEqualTo(404);
    assertThat(missing.headers().firstValue("content-type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("application/problem+json"));
    assertThat(Json.read(missing.body(), Problem.class).title()).isEqualTo("Not Found");

    HttpResponse<String> posted = post("/health/live", "{}");
    assertThat(posted.statusCode()).isEqualTo(405);
    assertThat(Json.read(posted.body(), Problem.class).detail()).contains("GET");
  }

  /** Whatever number is asked for, no shard is made for it. */
  @Test
  void knowsNoPartitionBeyondThoseOfTheTopic() throws Exception {
    windows.asked.clear();
    String page = "{\"limit\":2}";
    for (String what : List.of("/windows", "/reread")) {
      for (String beyond : List.of("8", "80", "999999", "2147483647", "99999999999")) {
        assertThat(post("/api/v1/partitions/" + beyond + what, page).statusCode()).isEqualTo(404);
      }
    }
    partitions = OptionalInt.empty();
    assertThat(post("/api/v1/partitions/3/windows", page).statusCode()).isEqualTo(503);
    partitions = OptionalInt.of(8);
    assertThat(windows.asked).isEmpty();
    assertThat(post("/api/v1/partitions/6/windows", page).statusCode()).isEqualTo(200);
    windows.asked.clear();
  }

  /** As the command line asks, through the same interface as within a node. */
  @Test
  void showsTheWindowsOfAPartitionToWhoeverAsksOverHttp() {
    try (var http = new HttpWindows(server, Duration.ofSeconds(10))) {
      assertThat(join(http.page(3, "a", 2))).isEqualTo(AskedWindows.ANSWER);
      assertThat(join(http.of(4, List.of("a", "b")))).isEqualTo(AskedWindows.ANSWER);
      join(http.reread(5, List.of("a")));
      assertThat(windows.asked).containsExactly("page 3 a 2", "of 4 [a, b]", "reread 5 [a]");
      assertThatThrownBy(() -> join(http.page(AskedWindows.SILENT, null, 1)))
          .hasCauseInstanceOf(OperatorException.class)
          .hasMessageContaining("partition 7: HTTP status 503");
    }
  }

  @Test
  void saysWhatIsWrongWithAQuestionAboutWindows() throws Exception {
    assertThat(post("/api/v1/partitions/3/windows", "{\"limit\":0}").body())
        .contains("limit: 0 (expected: 1 to 500)");
    assertThat(post("/api/v1/partitions/3/windows", "[").statusCode()).isEqualTo(400);
    assertThat(post("/api/v1/partitions/x/windows", "{}").statusCode()).isEqualTo(404);
    assertThat(get("/api/v1/partitions/3/windows").statusCode()).isEqualTo(405);
  }

  @Test
  void tellsNobodyOutsideWhatFailedInside() throws Exception {
    status = null;
    HttpResponse<String> failed = get("/api/v1/status");
    assertThat(failed.statusCode()).isEqualTo(500);
    assertThat(failed.body()).doesNotContain("fault of ours");
    assertThat(Json.read(failed.body(), Problem.class).status()).isEqualTo(500);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(HttpRequest.newBuilder(server.resolve(path)).build());
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    return send(
        HttpRequest.newBuilder(server.resolve(path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  /** Each answer has to be one that the contract describes. */
  private HttpResponse<String> send(HttpRequest request) throws Exception {
    return answers.checked(client.send(request, HttpResponse.BodyHandlers.ofString()));
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  /** Remembers what it is asked. */
  private static final class AskedWindows implements AwakeWindows {
    static final int SILENT = 7;
    static final PartitionWindows ANSWER =
        new PartitionWindows(
            3,
            true,
            17,
            1_000,
            List.of(
                new UserWindow("b", 900, -5, 2, new AccountBalance(7, "USD", 1, 2), null),
                new UserWindow("c", 900, 5, 1, null, null)),
            true);

    final List<String> asked = new CopyOnWriteArrayList<>();

    @Override
    public CompletionStage<PartitionWindows> page(int partition, String after, int usersMax) {
      if (partition == SILENT) {
        return CompletableFuture.failedFuture(new TimeoutException());
      }
      asked.add("page " + partition + " " + after + " " + usersMax);
      return CompletableFuture.completedFuture(ANSWER);
    }

    @Override
    public CompletionStage<PartitionWindows> of(int partition, List<String> userIds) {
      asked.add("of " + partition + " " + userIds);
      return CompletableFuture.completedFuture(ANSWER);
    }

    @Override
    public CompletionStage<Done> reread(int partition, List<String> userIds) {
      asked.add("reread " + partition + " " + userIds);
      return CompletableFuture.completedFuture(Done.getInstance());
    }
  }
}
