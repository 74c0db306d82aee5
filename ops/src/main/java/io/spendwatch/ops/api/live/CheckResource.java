package io.spendwatch.ops.api.live;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.onComplete;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.post;

import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.CheckAnswer.Outcome;
import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Busy;
import io.spendwatch.ops.api.answers.Problem;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.questions.CheckResult;
import io.spendwatch.ops.questions.Gate;
import io.spendwatch.ops.questions.QuestionsConfig;
import io.spendwatch.ops.questions.Users;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.streams.pipeline.PipelineConfig;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.unmarshalling.Unmarshaller;

/**
 * What would a transaction do?
 *
 * <pre>
 *   POST /api/v1/check   a transaction as the topic has it; X-Deadline-Ms says for how long to wait
 *                        200 {@link CheckResult}; 400 with the reason code of the dead letter that it would be;
 *                        503 with Retry-After where too many ask
 * </pre>
 *
 * <p>Nothing is recorded, so that a check can be repeated. What could not be decided before the
 * deadline is answered by the configured fallback, and says so.
 */
public final class CheckResource implements Resource {
  private static final String DEADLINE_HEADER = "X-Deadline-Ms";

  private final Users users;
  private final Gate gate;
  private final QuestionsConfig config;
  private final PipelineConfig accepted;
  private final InstantSource clock;

  /**
   * @param accepted which transactions the pipelines accept
   */
  public CheckResource(
      Users users,
      Gate gate,
      QuestionsConfig config,
      PipelineConfig accepted,
      InstantSource clock) {
    this.users = users;
    this.gate = gate;
    this.config = config;
    this.accepted = accepted;
    this.clock = clock;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () ->
            path(
                "check",
                () ->
                    post(
                        () ->
                            optionalHeaderValueByName(
                                DEADLINE_HEADER,
                                deadline ->
                                    entity(
                                        Unmarshaller.entityToByteArray(),
                                        body -> check(deadline, body))))));
  }

  private Route check(Optional<String> deadline, byte[] body) {
    long startMs = clock.millis();
    long deadlineMs = deadline.map(CheckResource::number).orElse(config.checkDeadline().toMillis());
    if (deadlineMs < 1 || deadlineMs > config.checkDeadlineMax().toMillis()) {
      return Answers.problem(
          StatusCodes.BAD_REQUEST,
          String.format(
              Locale.ROOT,
              "%s: expected: a number from 1 to %d",
              DEADLINE_HEADER,
              config.checkDeadlineMax().toMillis()));
    }
    Decoded<Transaction> decoded =
        accepted.accepted(
            TransactionCodec.decodeValue(
                body.length == 0 ? null : body, startMs + accepted.maxFutureSkew().toMillis()));
    return switch (decoded) {
      case Decoded.Rejected<Transaction>(var reason, String message) ->
          complete(rejected(reason.name(), message));
      case Decoded.Valid<Transaction>(Transaction transaction) ->
          gate.pass(() -> response(transaction, startMs, Duration.ofMillis(deadlineMs)))
              .<Route>map(response -> onComplete(response, there -> complete(there.get())))
              .orElseGet(() -> complete(tooMany()));
    };
  }

  private CompletionStage<HttpResponse> response(
      Transaction transaction, long startMs, Duration within) {
    return users
        .check(transaction, within)
        .handle(
            (answer, failure) ->
                failure == null
                    ? answered(answer, startMs)
                    : degraded(
                        isNotReady(failure) ? CheckResult.NOT_READY : CheckResult.DEADLINE,
                        startMs));
  }

  private static boolean isNotReady(Throwable failure) {
    return failure instanceof Users.NotKnownYet
        || (failure instanceof CompletionException
            && failure.getCause() instanceof Users.NotKnownYet);
  }

  private HttpResponse answered(CheckAnswer answer, long startMs) {
    if (answer.outcome() == Outcome.REJECTED) {
      return rejected(answer.reason(), answer.message());
    }
    if (answer.outcome() == Outcome.BUSY) {
      return tooMany();
    }
    if (!CheckResult.isDecided(answer)) {
      return degraded(CheckResult.UNAVAILABLE, startMs);
    }
    long nowMs = clock.millis();
    return Answers.jsonResponse(
        StatusCodes.OK, CheckResult.of(answer, nowMs, Math.max(0, nowMs - startMs)));
  }

  private HttpResponse degraded(String reason, long startMs) {
    long nowMs = clock.millis();
    return Answers.jsonResponse(
        StatusCodes.OK,
        CheckResult.degraded(config.checkFallback(), reason, nowMs, Math.max(0, nowMs - startMs)));
  }

  private static HttpResponse rejected(String reason, String message) {
    return Problem.response(StatusCodes.BAD_REQUEST, reason + ": " + message);
  }

  private static HttpResponse tooMany() {
    return Busy.response("too many checks are under way");
  }

  /** 0 for what is none. */
  private static long number(String text) {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
