package io.spendwatch.ops.api.stored;

import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;

import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Parameters;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.records.AlertFilter;
import io.spendwatch.ops.records.AlertRecords;
import io.spendwatch.ops.records.Exposure;
import io.spendwatch.ops.records.ExposureRecords;
import io.spendwatch.ops.records.FeatureRecords;
import io.spendwatch.ops.records.Features;
import io.spendwatch.ops.records.TransactionRecord;
import io.spendwatch.ops.records.TransactionRecords;
import java.time.Instant;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * What the tables have of one user.
 *
 * <pre>
 *   GET /api/v1/users/{id}/transactions   {@link TransactionRecord}s, the newest first
 *   GET /api/v1/users/{id}/alerts         as on their topic, the newest first
 *       ?from &amp;to &amp;limit &amp;cursor              event times in [from, to)
 *   GET /api/v1/users/{id}/exposure       {@link Exposure}; 404 for who has neither account nor
 *       ?from &amp;to                           transactions
 *   GET /api/v1/users/{id}/features       {@link Features}; 404 for who has no transactions in the
 *       ?at                               days before
 * </pre>
 */
public final class UserRecordsResource implements Resource {
  private final TransactionRecords transactions;
  private final AlertRecords alerts;
  private final ExposureRecords exposures;
  private final FeatureRecords features;

  /** Nothing is read before it is asked for. */
  public UserRecordsResource(
      TransactionRecords transactions,
      AlertRecords alerts,
      ExposureRecords exposures,
      FeatureRecords features) {
    this.transactions = transactions;
    this.alerts = alerts;
    this.exposures = exposures;
    this.features = features;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () -> pathPrefix("users", () -> pathPrefix(PathMatchers.segment(), this::user)));
  }

  private Route user(String id) {
    return concat(
        path("transactions", () -> get(() -> Parameters.with(p -> transactions(id, p)))),
        path("alerts", () -> get(() -> Parameters.with(p -> alerts(id, p)))),
        path("exposure", () -> get(() -> Parameters.with(p -> exposure(id, p)))),
        path("features", () -> get(() -> Parameters.with(p -> features(id, p)))));
  }

  private Route transactions(String id, Parameters parameters) {
    Instant from = parameters.instant("from");
    Instant to = parameters.instant("to");
    parameters.checkOrder(from, to);
    return Answers.whenThere(
        transactions.list(
            Parameters.text("user", id), from, to, parameters.limit(), parameters.cursor()),
        page -> Answers.json(StatusCodes.OK, page));
  }

  private Route alerts(String id, Parameters parameters) {
    var filter =
        AlertFilter.ofUser(
            Parameters.text("user", id), parameters.instant("from"), parameters.instant("to"));
    parameters.checkOrder(filter.from(), filter.to());
    return Answers.whenThere(
        alerts.list(filter, parameters.limit(), parameters.cursor()),
        page -> Answers.json(StatusCodes.OK, AlertsResource.asOnTopic(page)));
  }

  private Route exposure(String id, Parameters parameters) {
    return Answers.whenThere(
        exposures.read(
            Parameters.text("user", id), parameters.instant("from"), parameters.instant("to")),
        found ->
            found.isPresent()
                ? Answers.json(StatusCodes.OK, found.get())
                : Answers.problem(
                    StatusCodes.NOT_FOUND,
                    "there is neither an account nor a transaction of user " + id));
  }

  private Route features(String id, Parameters parameters) {
    return Answers.whenThere(
        features.read(Parameters.text("user", id), parameters.instant("at")),
        found ->
            found.isPresent()
                ? Answers.json(StatusCodes.OK, found.get())
                : Answers.problem(
                    StatusCodes.NOT_FOUND,
                    "there is no transaction of user "
                        + id
                        + " in the thirty days before, or features have not been computed yet (at=INSTANT"
                        + " computes them)"));
  }
}
