package io.spendwatch.ops.api.live;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Problem;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.events.EventHub;
import io.spendwatch.ops.events.Subscription;
import io.spendwatch.ops.events.log.EventType;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * {@code GET /api/v1/events}: server-sent events of all kinds in one stream.
 *
 * <pre>
 *   ?types=alert,stats    those types; else all
 *   ?userId=42            alerts of that user only
 *   Last-Event-ID: …      alerts from where the client has been, at this node or another one;
 *   ?lastEventId=…        the same for who cannot set headers; the header holds where both are there
 * </pre>
 *
 * 503 with {@code Retry-After} where there is no room, or the node ends.
 */
public final class EventsResource implements Resource {
  private static final int USER_ID_MAX = 64;
  private static final String RETRY_AFTER_SECONDS = "5";

  private static final ContentType EVENT_STREAM = ContentTypes.create(MediaTypes.TEXT_EVENT_STREAM);

  private final EventHub hub;

  /**
   * @param hub tells clients what happens
   */
  public EventsResource(EventHub hub) {
    this.hub = hub;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () ->
            path(
                "events",
                () ->
                    get(
                        () ->
                            parameterOptional(
                                "types",
                                types ->
                                    parameterOptional(
                                        "userId",
                                        userId ->
                                            parameterOptional(
                                                "lastEventId",
                                                query ->
                                                    optionalHeaderValueByName(
                                                        "Last-Event-ID",
                                                        header ->
                                                            events(
                                                                types,
                                                                userId,
                                                                said(header)
                                                                    .or(() -> said(query))))))))));
  }

  /** Pages that have had no event yet send an empty one. */
  private static Optional<String> said(Optional<String> id) {
    return id.filter(text -> !text.isEmpty());
  }

  private Route events(
      Optional<String> types, Optional<String> userId, Optional<String> lastEventId) {
    Subscription subscription;
    try {
      subscription =
          new Subscription(types(types), userId.map(EventsResource::userId), place(lastEventId));
    } catch (IllegalArgumentException e) {
      return Answers.problem(StatusCodes.BAD_REQUEST, e.getMessage());
    }
    return complete(
        hub.refusal()
            .map(
                why ->
                    Problem.response(StatusCodes.SERVICE_UNAVAILABLE, why)
                        .addHeader(RawHeader.create("Retry-After", RETRY_AFTER_SECONDS)))
            .orElseGet(() -> stream(subscription)));
  }

  private HttpResponse stream(Subscription subscription) {
    return HttpResponse.create()
        .withStatus(StatusCodes.OK)
        .addHeaders(
            List.of(
                RawHeader.create("Cache-Control", "no-store"),
                // Else some proxies hold events back until they have a page of them.
                RawHeader.create("X-Accel-Buffering", "no")))
        .withEntity(HttpEntities.createChunked(EVENT_STREAM, hub.stream(subscription)));
  }

  private static Set<EventType> types(Optional<String> text) {
    Set<EventType> types = EnumSet.noneOf(EventType.class);
    for (String name : text.map(list -> list.split(",", -1)).orElse(new String[0])) {
      types.add(
          EventType.named(name)
              .orElseThrow(() -> new IllegalArgumentException("types: expected: " + known())));
    }
    return types.isEmpty() ? EnumSet.allOf(EventType.class) : types;
  }

  private static String known() {
    return "some of "
        + Arrays.stream(EventType.values()).map(EventType::text).collect(Collectors.joining(","));
  }

  private static String userId(String text) {
    if (text.isEmpty() || text.length() > USER_ID_MAX) {
      throw new IllegalArgumentException("userId: expected: 1 to " + USER_ID_MAX + " characters");
    }
    return text;
  }

  private static Optional<AlertPosition> place(Optional<String> id) {
    try {
      return id.map(AlertPosition::parse);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("Last-Event-ID: " + e.getMessage(), e);
    }
  }
}
