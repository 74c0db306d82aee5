package io.spendwatch.ops.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.CheckAnswer.Outcome;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.partition.PartitionQuery.By;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.api.answers.Problem;
import io.spendwatch.ops.api.live.CheckResource;
import io.spendwatch.ops.api.live.TopResource;
import io.spendwatch.ops.api.live.UsersResource;
import io.spendwatch.ops.questions.Gate;
import io.spendwatch.ops.questions.QuestionsConfig;
import io.spendwatch.ops.questions.RecentTops;
import io.spendwatch.ops.questions.TopUsers;
import io.spendwatch.ops.questions.UserAnswer;
import io.spendwatch.ops.questions.Users;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.streams.pipeline.StreamsConfig;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The forms of questions and answers over HTTP; whoever answers is made up. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QuestionsApiTest {
  private static final long NOW_MS = Instant.parse("2024-07-12T15:57:33.000Z").toEpochMilli();
  private static final int UNDER_WAY_MAX = 2;
  private static final UserAnswer USER =
      new UserAnswer(
          "u",
          null,
          "USD",
          "7.54",
          null,
          null,
          null,
          null,
          null,
          1,
          null,
          null,
          null,
          "memory",
          "2024-07-12T15:57:33.000Z",
          1);
  private static final String GOOD =
      """
      {"transactionId":"t","userId":"u","amount":"1.50","currency":"USD","kind":"REFUND",
       "eventTime":"2024-07-12T15:57:33Z"}\
      """;

  private final HttpClient client = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final FakeUsers users = new FakeUsers();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private volatile CompletableFuture<Optional<UserAnswer>> user;
  private volatile long nowMs = NOW_MS;
  private ServedApi api;
  private URI server;

  @BeforeAll
  void listen() throws Exception {
    Config ours = ServedApi.settings();
    Config named =
        ConfigFactory.parseString(
                "spendwatch { node-id = n, postgres.uri = \"postgresql://u@h/d\","
                    + " kafka.bootstrap-servers = \"h:1\" }")
            .withFallback(ours);
    api =
        ServedApi.of(
            List.of(
                new UsersResource(
                    userId -> {
                      asked.add(userId);
                      return user;
                    },
                    new Gate(UNDER_WAY_MAX)),
                new CheckResource(
                    users,
                    new Gate(UNDER_WAY_MAX),
                    QuestionsConfig.from(ours),
                    StreamsConfig.from(named).pipeline(),
                    () -> Instant.ofEpochMilli(nowMs)),
                new TopResource(new RecentTops(users, () -> Instant.ofEpochMilli(nowMs)))));
    server = api.server();
  }

  @AfterAll
  void close() {
    client.close();
    api.close();
  }

  @Test
  void aUserHasAllFieldsOfTheContractWithNullForWhatThereIsNot() throws Exception {
    user = CompletableFuture.completedFuture(Optional.of(USER));
    HttpResponse<String> response = get("/api/v1/users/u");
    assertThat(response.statusCode()).isEqualTo(200);
    JsonNode body = json.readTree(response.body());
    List<String> names = new ArrayList<>();
    body.fieldNames().forEachRemaining(names::add);
    assertThat(names)
        .containsExactly(
            "userId",
            "username",
            "currency",
            "exposure",
            "balance",
            "balanceVersion",
            "balanceAsOf",
            "headroom",
            "ratio",
            "transactions",
            "windowStart",
            "streamTime",
            "openEpisode",
            "source",
            "asOf",
            "entries");
    assertThat(body.get("headroom").isNull()).isTrue();
    assertThat(body.get("openEpisode").isNull()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "a%20b, a b",
    "a%2Fb, a/b",
    "%C3%A4%F0%9F%98%80, \u00e4\uD83D\uDE00",
    "a%3Fb%23c, a?b#c",
    "a+b, a+b",
    "%2525, %25"
  })
  void anyIdCanBeAskedFor(String encoded, String userId) throws Exception {
    user = CompletableFuture.completedFuture(Optional.of(USER));
    asked.clear();
    assertThat(get("/api/v1/users/" + encoded).statusCode()).isEqualTo(200);
    assertThat(asked).containsExactly(userId);
  }

  @Test
  void whoIsNobodyIsNotFound() throws Exception {
    user = CompletableFuture.completedFuture(Optional.empty());
    assertThat(get("/api/v1/users/nobody").statusCode()).isEqualTo(404);
    assertThat(Json.read(get("/api/v1/users/nobody").body(), Problem.class).detail())
        .contains("neither an account nor a transaction");
    asked.clear();
    assertThat(get("/api/v1/users/" + "x".repeat(65)).statusCode()).isEqualTo(404);
    assertThat(get("/api/v1/users/%00").statusCode()).isIn(400, 404);
    assertThat(asked).isEmpty();
  }

  @Test
  void whereNobodyCanTellItSaysWhenToAskAgain() throws Exception {
    user = CompletableFuture.failedFuture(new IllegalStateException("secret"));
    HttpResponse<String> response = get("/api/v1/users/u");
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
    assertThat(response.body()).doesNotContain("secret");
  }

  @Test
  void soManyQuestionsAreUnderWayAndNoMore() throws Exception {
    user = new CompletableFuture<>();
    var waiting = new ArrayList<CompletableFuture<HttpResponse<String>>>();
    asked.clear();
    for (int i = 0; i < UNDER_WAY_MAX; i++) {
      waiting.add(
          client.sendAsync(
              HttpRequest.newBuilder(server.resolve("/api/v1/users/u")).build(),
              HttpResponse.BodyHandlers.ofString()));
    }
    org.awaitility.Awaitility.await().until(() -> asked.size() == UNDER_WAY_MAX);
    HttpResponse<String> refused = get("/api/v1/users/u");
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.headers().firstValue("Retry-After")).isPresent();
    user.complete(Optional.of(USER));
    for (var response : waiting) {
      assertThat(response.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }
    assertThat(get("/api/v1/users/u").statusCode()).isEqualTo(200);
  }

  @Test
  void aCheckAnswersWithFiguresAsDecimals() throws Exception {
    users.answer =
        CompletableFuture.completedFuture(
            new CheckAnswer(
                Outcome.EXCEEDS, 1_051, new AccountBalance(1_000, "USD", 3, 0), "USD", null, null));
    HttpResponse<String> response = check(GOOD, "80");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body())
        .isEqualTo(
            "{\"outcome\":\"EXCEEDS\",\"currency\":\"USD\",\"exposureAfter\":\"10.51\","
                + "\"balance\":\"10.00\",\"headroomAfter\":\"-0.51\",\"balanceVersion\":3,"
                + "\"asOf\":\"2024-07-12T15:57:33.000Z\",\"degraded\":false,\"reason\":null,"
                + "\"tookMs\":0}");
    assertThat(users.within).isEqualTo(Duration.ofMillis(80));
    assertThat(users.transaction.signedAmountMinor()).isEqualTo(-150);
  }

  @Test
  void whatIsNotDecidedInTimeIsSaid() throws Exception {
    users.answer = CompletableFuture.failedFuture(new TimeoutException());
    HttpResponse<String> late = check(GOOD, null);
    assertThat(late.statusCode()).isEqualTo(200);
    assertThat(late.body())
        .contains(
            "\"outcome\":\"UNKNOWN\"",
            "\"degraded\":true",
            "\"reason\":\"DEADLINE\"",
            "\"exposureAfter\":null");
    assertThat(users.within).isEqualTo(Duration.ofMillis(50));
    users.answer = CompletableFuture.completedFuture(CheckAnswer.none(Outcome.UNAVAILABLE));
    assertThat(check(GOOD, null).body()).contains("\"reason\":\"UNAVAILABLE\"");
    users.answer = CompletableFuture.completedFuture(CheckAnswer.none(null));
    assertThat(check(GOOD, null).body()).contains("\"degraded\":true");
    users.answer = CompletableFuture.completedFuture(CheckAnswer.none(Outcome.BUSY));
    HttpResponse<String> busy = check(GOOD, null);
    assertThat(busy.statusCode()).isEqualTo(503);
    assertThat(busy.headers().firstValue("Retry-After")).hasValue("1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "x", "10001", "", "99999999999999999999"})
  void aDeadlineThatIsNoneIsABadRequest(String deadline) throws Exception {
    assertThat(check(GOOD, deadline).statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | NO_VALUE",
        "{ | MALFORMED_JSON",
        "{} | MISSING_FIELD",
        "{'userId':'u'} | MISSING_FIELD",
        "{'transactionId':'t','userId':'','amount':1,'currency':'USD','eventTime':1} | BAD_ID",
        "{'transactionId':'t','userId':'u','amount':1,'currency':'usd','eventTime':1} |"
            + " BAD_CURRENCY",
        "{'transactionId':'t','userId':'u','amount':0,'currency':'USD','eventTime':1} | BAD_AMOUNT",
        "{'transactionId':'t','userId':'u','amount':1,'currency':'USD','eventTime':'x'} |"
            + " BAD_EVENT_TIME",
        "{'transactionId':'t','userId':'u','amount':1,'currency':'USD','eventTime':4000000000000} |"
            + " FUTURE_EVENT_TIME",
        "{'transactionId':'t','userId':'u','amount':1,'currency':'USD','eventTime':1,'kind':'GIFT'}"
            + " | BAD_KIND"
      })
  void whatWouldBeADeadLetterIsABadRequestWithItsReason(String body, String reason)
      throws Exception {
    users.answer = CompletableFuture.failedFuture(new AssertionError("nobody is asked"));
    HttpResponse<String> response = check(body.replace('\'', '"'), null);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Json.read(response.body(), Problem.class).detail()).startsWith(reason + ": ");
  }

  @Test
  void whatOnlyTheActorSeesIsABadRequestToo() throws Exception {
    users.answer =
        CompletableFuture.completedFuture(
            new CheckAnswer(Outcome.REJECTED, 0, null, null, "CURRENCY_MISMATCH", "currency USD"));
    HttpResponse<String> response = check(GOOD, null);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("CURRENCY_MISMATCH: currency USD");
  }

  @Test
  void theFirstAreAskedForOnceASecond() throws Exception {
    users.tops.clear();
    users.top =
        new TopUsers(
            List.of(
                new UserWindow("b", NOW_MS, 800, 2, new AccountBalance(1_000, "USD", 1, 2), null),
                new UserWindow("c", NOW_MS, 5, 1, new AccountBalance(-7, "USD", 1, 2), "e")),
            List.of(3));
    HttpResponse<String> response = get("/api/v1/top?by=excess&limit=7");
    assertThat(response.statusCode()).isEqualTo(200);
    JsonNode body = json.readTree(response.body());
    assertThat(body.get("next").isNull()).isTrue();
    assertThat(body.get("missingPartitions").get(0).asInt()).isEqualTo(3);
    JsonNode first = body.get("items").get(0);
    assertThat(first.get("headroom").asText()).isEqualTo("2.00");
    assertThat(first.get("excess").asText()).isEqualTo("-2.00");
    assertThat(first.get("ratio").decimalValue()).isEqualByComparingTo(new BigDecimal("0.8"));
    assertThat(body.get("items").get(1).get("ratio").isNull()).isTrue();
    assertThat(json.readTree(get("/api/v1/top?by=excess&limit=1").body()).get("items")).hasSize(1);
    assertThat(users.tops).containsExactly("EXCESS 20");
    nowMs = NOW_MS + 1_000;
    get("/api/v1/top?by=excess&limit=1");
    get("/api/v1/top");
    assertThat(users.tops).containsExactly("EXCESS 20", "EXCESS 20", "RATIO 100");
    nowMs = NOW_MS;
  }

  @ParameterizedTest
  @ValueSource(strings = {"by=beauty", "limit=0", "limit=501", "limit=x", "limit=-1"})
  void anotherWordOrNumberIsABadRequest(String query) throws Exception {
    assertThat(get("/api/v1/top?" + query).statusCode()).isEqualTo(400);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(server + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> check(String body, String deadline) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve("/api/v1/check"))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (deadline != null) {
      request.header("X-Deadline-Ms", deadline);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** Remembers what it is asked. */
  private static final class FakeUsers implements Users {
    volatile CompletionStage<CheckAnswer> answer;
    volatile Transaction transaction;
    volatile Duration within;
    volatile TopUsers top;
    final List<String> tops = new CopyOnWriteArrayList<>();

    @Override
    public CompletionStage<UserView> view(String userId) {
      return CompletableFuture.completedFuture(UserView.unavailable(userId));
    }

    @Override
    public CompletionStage<CheckAnswer> check(Transaction asked, Duration deadline) {
      transaction = asked;
      within = deadline;
      return answer;
    }

    @Override
    public CompletionStage<TopUsers> top(By by, int limit) {
      tops.add(by + " " + limit);
      return CompletableFuture.completedFuture(top);
    }
  }
}
