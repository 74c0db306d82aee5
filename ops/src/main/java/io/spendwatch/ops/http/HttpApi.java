package io.spendwatch.ops.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.handleExceptions;
import static org.apache.pekko.http.javadsl.server.Directives.handleRejections;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;

import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.NodeStatus;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.ExceptionHandler;
import org.apache.pekko.http.javadsl.server.MethodRejection;
import org.apache.pekko.http.javadsl.server.RejectionHandler;
import org.apache.pekko.http.javadsl.server.Route;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node answers:
 *
 * <pre>
 *   GET /health/live     200 while the process works
 *   GET /health/ready    200 when consuming; 503 says what is waited for
 *   GET /api/v1/status   {@link ClusterStatus}; {@code ?scope=node}: {@link NodeStatus}
 *   GET /metrics         for Prometheus
 * </pre>
 *
 * Errors are {@link Problem}s. Thread-safe.
 */
public final class HttpApi {
  private static final Logger LOG = LoggerFactory.getLogger(HttpApi.class);

  /** The text format's own type; it is UTF-8. */
  private static final ContentType.NonBinary PROMETHEUS =
      (ContentType.NonBinary) ContentTypes.parse("text/plain; version=0.0.4; charset=utf-8");

  /** The answer of the health checks. */
  record Health(String status, List<String> waitingFor) {}

  private final Supplier<NodeStatus> status;
  private final Supplier<CompletionStage<ClusterStatus>> clusterStatus;
  private final Supplier<String> metrics;

  /**
   * Nothing is asked or served yet. All are asked on the server's dispatcher, for each request, and
   * must not block.
   */
  public HttpApi(
      Supplier<NodeStatus> status,
      Supplier<CompletionStage<ClusterStatus>> clusterStatus,
      Supplier<String> metrics) {
    this.status = status;
    this.clusterStatus = clusterStatus;
    this.metrics = metrics;
  }

  /** All of it, errors included. */
  public Route routes() {
    return handleRejections(
        rejections(),
        () ->
            handleExceptions(
                exceptions(),
                () ->
                    concat(
                        pathPrefix("health", this::health),
                        pathPrefix("api", this::api),
                        path("metrics", () -> get(this::metrics)))));
  }

  private Route health() {
    return concat(
        path("live", () -> get(() -> json(StatusCodes.OK, new Health("live", List.of())))),
        path("ready", () -> get(this::ready)));
  }

  private Route ready() {
    NodeStatus.NodeInfo node = status.get().node();
    return switch (node.state()) {
      case READY -> json(StatusCodes.OK, new Health("ready", List.of()));
      case WAITING ->
          json(StatusCodes.SERVICE_UNAVAILABLE, new Health("waiting", node.waitingFor()));
      case DRAINING ->
          json(StatusCodes.SERVICE_UNAVAILABLE, new Health("draining", node.waitingFor()));
    };
  }

  private Route metrics() {
    return complete(HttpEntities.create(PROMETHEUS, metrics.get()));
  }

  private Route api() {
    return pathPrefix(
        "v1",
        () -> path("status", () -> get(() -> parameterOptional("scope", scope -> status(scope)))));
  }

  private Route status(Optional<String> scope) {
    return switch (scope.orElse("cluster")) {
      case "cluster" -> onSuccess(clusterStatus.get(), whole -> json(StatusCodes.OK, whole));
      case "node" -> json(StatusCodes.OK, status.get());
      default ->
          complete(Problem.response(StatusCodes.BAD_REQUEST, "scope: expected: cluster or node"));
    };
  }

  private static Route json(StatusCode code, Object value) {
    return complete(
        HttpResponse.create()
            .withStatus(code)
            .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, Json.write(value))));
  }

  private static RejectionHandler rejections() {
    return RejectionHandler.newBuilder()
        .handleAll(
            MethodRejection.class,
            allowed ->
                complete(
                    Problem.response(
                        StatusCodes.METHOD_NOT_ALLOWED,
                        "expected: " + allowed.getFirst().supported().value())))
        .handleNotFound(
            complete(Problem.response(StatusCodes.NOT_FOUND, "there is nothing at this path")))
        .build();
  }

  private static ExceptionHandler exceptions() {
    return ExceptionHandler.newBuilder()
        .matchAny(
            failure -> {
              LOG.error("A request has failed", failure);
              return complete(
                  Problem.response(
                      StatusCodes.INTERNAL_SERVER_ERROR, "the node's log has the cause"));
            })
        .build();
  }
}
