package io.spendwatch.ops.api.answers;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.onComplete;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;

import io.spendwatch.ops.records.BadRangeException;
import io.spendwatch.streams.base.Retry;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.Accept;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.unmarshalling.Unmarshaller;

/** The forms that answers have in common. */
public final class Answers {

  private Answers() {}

  /** Below {@code /api/v1}. */
  public static Route api(Supplier<Route> inner) {
    return pathPrefix("api", () -> pathPrefix("v1", inner));
  }

  /** The value as JSON, with this status. */
  public static Route json(StatusCode code, Object value) {
    return complete(jsonResponse(code, value));
  }

  /** What {@link #json} completes with. */
  public static HttpResponse jsonResponse(StatusCode code, Object value) {
    return HttpResponse.create()
        .withStatus(code)
        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, Json.write(value)));
  }

  /** 200 with what comes; 503 with the failure's reason, or with this one. */
  public static <T> Route whenThere(CompletionStage<T> answer, String reason) {
    return onComplete(
        answer,
        there ->
            there.isSuccess()
                ? json(StatusCodes.OK, there.get())
                : problem(
                    StatusCodes.SERVICE_UNAVAILABLE,
                    reason == null ? reasonOf(there.failed().get()) : reason));
  }

  /** Goes on with what comes; 400 where it was asked for wrongly, 503 where it cannot be had. */
  public static <T> Route whenThere(CompletionStage<T> answer, Function<T, Route> next) {
    return onComplete(
        answer,
        there -> there.isSuccess() ? next.apply(there.get()) : failed(there.failed().get()));
  }

  private static Route failed(Throwable failure) {
    return switch (Retry.cause(failure)) {
      case BadRangeException e -> problem(StatusCodes.BAD_REQUEST, e.getMessage());
      case Apart.BusyException e ->
          complete(
              Problem.response(StatusCodes.SERVICE_UNAVAILABLE, e.getMessage())
                  .addHeader(RawHeader.create("Retry-After", "1")));
      case Throwable e -> problem(StatusCodes.SERVICE_UNAVAILABLE, reasonOf(e));
    };
  }

  /** Whether CSV is wanted more than JSON is. */
  public static boolean prefersCsv(HttpRequest request) {
    double csv = 0;
    double json = 0;
    for (var accept : request.getHeaders()) {
      if (accept instanceof Accept ranges) {
        for (var range : ranges.getMediaRanges()) {
          if (range.matches(MediaTypes.TEXT_CSV)) {
            csv = Math.max(csv, range.qValue());
          }
          if (range.matches(MediaTypes.APPLICATION_JSON)) {
            json = Math.max(json, range.qValue());
          }
        }
      }
    }
    return csv > json;
  }

  /** A {@link Problem} with this status. */
  public static Route problem(StatusCode code, String detail) {
    return complete(Problem.response(code, detail));
  }

  /** Goes on with the body as this type; 400 where it is none. */
  public static <T> Route posted(Class<T> type, Function<T, Route> next) {
    return entity(
        Unmarshaller.entityToString(),
        body -> {
          try {
            return next.apply(Json.read(body, type));
          } catch (IllegalArgumentException e) {
            return problem(StatusCodes.BAD_REQUEST, reasonOf(e));
          }
        });
  }

  /** What our own checks say, which Jackson and stages wrap. */
  public static String reasonOf(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof IllegalArgumentException || failure.getMessage() == null
        ? String.valueOf(cause.getMessage())
        : failure.getMessage();
  }
}
