package io.spendwatch.ops.api.stored;

import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEnd;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.post;

import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Apart;
import io.spendwatch.ops.api.answers.Parameters;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.deadletters.DeadLetter;
import io.spendwatch.ops.deadletters.DeadLetterContent;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.ops.deadletters.LetterPlace;
import io.spendwatch.ops.deadletters.LetterQuery;
import io.spendwatch.ops.deadletters.Replay;
import io.spendwatch.ops.deadletters.Replays;
import java.util.List;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Dead letters; what Kafka does not answer is 503.
 *
 * <pre>
 *   GET  /api/v1/dead-letters                                        {@link DeadLetter}s, the newest first
 *        ?topic &amp;reason &amp;from &amp;to &amp;limit &amp;cursor                        put aside in [from, to)
 *   GET  /api/v1/dead-letters/{topic}/{partition}/{offset}           {@link DeadLetterContent}
 *   POST /api/v1/dead-letters/{topic}/{partition}/{offset}/replay    back to its source topic, once:
 *                                                                    {@link Replay}; 409 after that
 * </pre>
 */
public final class DeadLettersResource implements Resource {
  private final DeadLetterTopics topics;
  private final Replays replays;
  private final Apart apart;

  /**
   * @param apart where Kafka's answers are waited for
   */
  public DeadLettersResource(DeadLetterTopics topics, Replays replays, Apart apart) {
    this.topics = topics;
    this.replays = replays;
    this.apart = apart;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () ->
            pathPrefix(
                "dead-letters",
                () ->
                    concat(
                        pathEnd(() -> get(() -> Parameters.with(this::list))),
                        pathPrefix(
                            PathMatchers.segment(),
                            topic ->
                                pathPrefix(
                                    PathMatchers.integerSegment().slash(PathMatchers.longSegment()),
                                    (partition, offset) ->
                                        one(new LetterPlace(topic, partition, offset)))))));
  }

  private Route one(LetterPlace place) {
    return concat(
        pathEnd(() -> get(() -> shown(place))), path("replay", () -> post(() -> replay(place))));
  }

  private Route list(Parameters parameters) {
    var query =
        new LetterQuery(
            parameters.text("topic"),
            parameters.text("reason"),
            parameters.instant("from"),
            parameters.instant("to"));
    parameters.checkOrder(query.from(), query.to());
    topics.check(query, parameters.cursor());
    int limit = parameters.limit();
    return Answers.whenThere(
        apart.ask(() -> topics.list(query, limit, parameters.cursor())),
        page -> Answers.json(StatusCodes.OK, page));
  }

  private Route shown(LetterPlace place) {
    return Answers.whenThere(
        apart.ask(() -> topics.find(place)),
        found ->
            found.isPresent()
                ? Answers.json(StatusCodes.OK, found.get())
                : Answers.problem(StatusCodes.NOT_FOUND, "there is no dead letter " + place));
  }

  private Route replay(LetterPlace place) {
    return Answers.whenThere(
        apart.ask(() -> replays.replay(List.of(place)).getFirst()),
        replay ->
            switch (replay.outcome()) {
              case REPLAYED, WOULD_BE_REPLAYED -> Answers.json(StatusCodes.OK, replay);
              case NOT_THERE ->
                  Answers.problem(StatusCodes.NOT_FOUND, "there is no dead letter " + place);
              case ALREADY_REPLAYED, INCOMPLETE ->
                  Answers.problem(StatusCodes.CONFLICT, replay.detail());
            });
  }
}
