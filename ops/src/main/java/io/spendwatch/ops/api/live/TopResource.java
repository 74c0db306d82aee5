package io.spendwatch.ops.api.live;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.onComplete;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import io.spendwatch.actors.partition.PartitionQuery.By;
import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Busy;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.questions.RecentTops;
import io.spendwatch.ops.questions.TopAnswer;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Who is nearest to their limit, or over it.
 *
 * <pre>
 *   GET /api/v1/top?by=ratio|exposure|excess&amp;limit=   {@link TopAnswer}; 400 for another word or number;
 *                                                    503 with Retry-After where nobody can tell just now
 * </pre>
 *
 * <p>Of users in memory, who have an account; no older than a second, and each figure exact at the
 * stream time that it names. A user can be missing who has left memory, or whose last record is so
 * long ago that more than as many as were asked for stood higher then.
 */
public final class TopResource implements Resource {
  private static final int LIMIT_DEFAULT = 100;
  private static final int LIMIT_MAX = 500;

  private final RecentTops tops;

  public TopResource(RecentTops tops) {
    this.tops = tops;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () ->
            path(
                "top",
                () ->
                    get(
                        () ->
                            parameterOptional(
                                "by", by -> parameterOptional("limit", limit -> top(by, limit))))));
  }

  private Route top(Optional<String> by, Optional<String> limit) {
    By ranking;
    switch (by.orElse("ratio")) {
      case "ratio" -> ranking = By.RATIO;
      case "exposure" -> ranking = By.EXPOSURE;
      case "excess" -> ranking = By.EXCESS;
      default -> {
        return Answers.problem(StatusCodes.BAD_REQUEST, "by: expected: ratio, exposure or excess");
      }
    }
    int count = limit.map(TopResource::number).orElse(LIMIT_DEFAULT);
    if (count < 1 || count > LIMIT_MAX) {
      return Answers.problem(
          StatusCodes.BAD_REQUEST,
          String.format(Locale.ROOT, "limit: expected: a number from 1 to %d", LIMIT_MAX));
    }
    return onComplete(
        tops.first(ranking, count),
        there ->
            complete(
                there.isSuccess()
                    ? Answers.jsonResponse(StatusCodes.OK, there.get())
                    : Busy.response("how many partitions there are is not known yet")));
  }

  /** 0 for what is none. */
  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
