package io.spendwatch.ops.api.live;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.onComplete;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Busy;
import io.spendwatch.ops.api.answers.Problem;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.questions.Gate;
import io.spendwatch.ops.questions.UserAnswer;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * One user, now.
 *
 * <pre>
 *   GET /api/v1/users/{id}   {@link UserAnswer}; 404 for who has neither an account nor transactions;
 *                            503 with Retry-After where too many ask, or nobody can tell just now
 * </pre>
 */
public final class UsersResource implements Resource {
  private static final int ID_CHARACTERS_MAX = 64;

  private final Function<String, CompletionStage<Optional<UserAnswer>>> users;
  private final Gate gate;

  /**
   * @param users by id; empty for who is nobody
   */
  public UsersResource(Function<String, CompletionStage<Optional<UserAnswer>>> users, Gate gate) {
    this.users = users;
    this.gate = gate;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () ->
            path(
                PathMatchers.segment("users").slash(PathMatchers.segment()),
                userId -> get(() -> user(userId))));
  }

  private Route user(String userId) {
    if (userId.codePointCount(0, userId.length()) > ID_CHARACTERS_MAX || userId.indexOf(0) >= 0) {
      return complete(nobody());
    }
    return gate.pass(() -> users.apply(userId))
        .<Route>map(
            answer ->
                onComplete(
                    answer,
                    there ->
                        complete(
                            there.isSuccess()
                                ? there
                                    .get()
                                    .map(user -> Answers.jsonResponse(StatusCodes.OK, user))
                                    .orElseGet(UsersResource::nobody)
                                : Busy.response(
                                    "neither the node that consumes the user's partition nor the"
                                        + " tables answer"))))
        .orElseGet(() -> complete(Busy.response("too many questions are under way")));
  }

  private static HttpResponse nobody() {
    return Problem.response(
        StatusCodes.NOT_FOUND, "there is neither an account nor a transaction of this user");
  }
}
