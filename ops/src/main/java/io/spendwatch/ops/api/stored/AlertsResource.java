package io.spendwatch.ops.api.stored;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEnd;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonValue;
import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Apart;
import io.spendwatch.ops.api.answers.Parameters;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.audit.explain.Explanation;
import io.spendwatch.ops.audit.explain.Explanations;
import io.spendwatch.ops.records.AlertFilter;
import io.spendwatch.ops.records.AlertRecords;
import io.spendwatch.ops.records.Page;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.AlertType;
import java.util.List;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Alerts, as on their topic.
 *
 * <pre>
 *   GET /api/v1/alerts                          a list, the newest first; Accept: text/csv gives CSV
 *       ?type=RAISED|CLEARED &amp;userId &amp;late=true|false &amp;from &amp;to &amp;open=true &amp;minExcess &amp;merchant
 *       &amp;limit &amp;cursor
 *   GET /api/v1/alerts/{alertId}                one of them; the beginning of its id is enough
 *   GET /api/v1/alerts/{alertId}/explanation    {@link Explanation}
 * </pre>
 */
public final class AlertsResource implements Resource {
  private final AlertRecords alerts;
  private final Function<String, Explanation> explained;
  private final Apart apart;

  /** An alert as its record's value. */
  record AsOnTopic(Alert alert) {
    @JsonValue
    @JsonRawValue
    String json() {
      return new String(AlertCodec.encode(alert), UTF_8);
    }
  }

  /**
   * @param explained explains the alert with this id; may block
   * @param apart where it does
   */
  public AlertsResource(AlertRecords alerts, Function<String, Explanation> explained, Apart apart) {
    this.alerts = alerts;
    this.explained = explained;
    this.apart = apart;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () ->
            pathPrefix(
                "alerts",
                () ->
                    concat(
                        pathEnd(
                            () ->
                                get(
                                    () ->
                                        extractRequest(
                                            request -> Parameters.with(p -> list(p, request))))),
                        path(PathMatchers.segment(), id -> get(() -> one(id, this::shown))),
                        path(
                            PathMatchers.segment().slash("explanation"),
                            id -> get(() -> one(id, this::explanation))))));
  }

  private Route list(Parameters parameters, HttpRequest request) {
    var filter =
        new AlertFilter(
            parameters.oneOf("type", AlertType.class),
            parameters.text("userId"),
            parameters.bool("late"),
            parameters.instant("from"),
            parameters.instant("to"),
            Boolean.TRUE.equals(parameters.bool("open")),
            parameters.decimal("minExcess"),
            parameters.text("merchant"));
    parameters.checkOrder(filter.from(), filter.to());
    var page = alerts.list(filter, parameters.limit(), parameters.cursor());
    return Answers.prefersCsv(request)
        ? Answers.whenThere(page, there -> complete(AlertCsv.response(there, request.getUri())))
        : Answers.whenThere(page, there -> Answers.json(StatusCodes.OK, there.map(AsOnTopic::new)));
  }

  /** For a list of alerts that is a page of something else. */
  static Page<AsOnTopic> asOnTopic(Page<Alert> page) {
    return page.map(AsOnTopic::new);
  }

  private Route shown(Alert alert) {
    return Answers.json(StatusCodes.OK, new AsOnTopic(alert));
  }

  private Route explanation(Alert alert) {
    return Answers.whenThere(
        apart.ask(() -> explained.apply(alert.alertId())),
        there -> Answers.json(StatusCodes.OK, there));
  }

  /** Goes on with the alert of this id, or the one whose id begins so. */
  private Route one(String id, Function<Alert, Route> next) {
    return Parameters.checked(
        () ->
            Answers.whenThere(
                alerts.find(Parameters.text("alertId", id), Explanations.isShortId(id)),
                found -> one(id, found, next)));
  }

  private static Route one(String id, List<Alert> found, Function<Alert, Route> next) {
    return switch (found.size()) {
      case 0 -> Answers.problem(StatusCodes.NOT_FOUND, "there is no alert " + id);
      case 1 -> next.apply(found.getFirst());
      default ->
          Answers.problem(
              StatusCodes.BAD_REQUEST,
              "several alerts have an id that begins with " + id + " (expected: more of it)");
    };
  }
}
