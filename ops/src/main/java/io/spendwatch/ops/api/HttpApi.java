package io.spendwatch.ops.api;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.handleExceptions;
import static org.apache.pekko.http.javadsl.server.Directives.handleRejections;
import static org.apache.pekko.http.javadsl.server.Directives.onComplete;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.post;

import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.ops.audit.AuditHistory;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.audit.windows.WindowsRequest;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.NodeStatus;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.ExceptionHandler;
import org.apache.pekko.http.javadsl.server.MethodRejection;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.RejectionHandler;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.unmarshalling.Unmarshaller;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node answers:
 *
 * <pre>
 *   GET /health/live     200 while the process works
 *   GET /health/ready    200 when consuming; 503 says what is waited for
 *   GET /api/v1/status   {@link ClusterStatus}; {@code ?scope=node}: {@link NodeStatus}
 *   GET /api/v1/reconciliations           {@link AuditHistory.Recent}; 503 without PostgreSQL
 *   POST /api/v1/partitions/{p}/windows   {@link PartitionWindows} for a {@link WindowsRequest};
 *                                         503 where the partition does not answer in time
 *   POST /api/v1/partitions/{p}/reread    202: these users are forgotten and read anew;
 *                                         both 404 where the topic has no such partition
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
  private final Supplier<OptionalInt> partitions;
  private final AwakeWindows windows;
  private final Supplier<String> metrics;
  private final Supplier<CompletionStage<AuditHistory.Recent>> audits;

  /**
   * Nothing is asked or served yet. All are asked on the server's dispatcher, for each request, and
   * must not block.
   *
   * @param partitions how many the transactions have; empty while that is not known
   */
  public HttpApi(
      Supplier<NodeStatus> status,
      Supplier<CompletionStage<ClusterStatus>> clusterStatus,
      Supplier<OptionalInt> partitions,
      AwakeWindows windows,
      Supplier<String> metrics,
      Supplier<CompletionStage<AuditHistory.Recent>> audits) {
    this.status = status;
    this.clusterStatus = clusterStatus;
    this.partitions = partitions;
    this.windows = windows;
    this.metrics = metrics;
    this.audits = audits;
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
        () ->
            concat(
                path("status", () -> get(() -> parameterOptional("scope", this::status))),
                path("reconciliations", () -> get(this::reconciliations)),
                pathPrefix(
                    "partitions",
                    () -> pathPrefix(PathMatchers.integerSegment(), this::partition))));
  }

  private Route reconciliations() {
    return onComplete(
        audits.get(),
        recent ->
            recent.isSuccess()
                ? json(StatusCodes.OK, recent.get())
                : complete(
                    Problem.response(
                        StatusCodes.SERVICE_UNAVAILABLE, recent.failed().get().getMessage())));
  }

  /** A question to a partition that is none would make a shard for it, which stays. */
  private Route partition(int partition) {
    OptionalInt count = partitions.get();
    if (count.isEmpty()) {
      return complete(
          Problem.response(
              StatusCodes.SERVICE_UNAVAILABLE, "how many partitions there are is not known yet"));
    }
    if (partition >= count.getAsInt()) {
      return complete(
          Problem.response(
              StatusCodes.NOT_FOUND,
              "there is no partition "
                  + partition
                  + " (expected: below "
                  + count.getAsInt()
                  + ")"));
    }
    return concat(
        path("windows", () -> post(() -> posted(request -> windows(partition, request)))),
        path("reread", () -> post(() -> posted(request -> reread(partition, request)))));
  }

  private static Route posted(Function<WindowsRequest, Route> answer) {
    return entity(
        Unmarshaller.entityToString(),
        body -> {
          try {
            return answer.apply(Json.read(body, WindowsRequest.class));
          } catch (IllegalArgumentException e) {
            return complete(Problem.response(StatusCodes.BAD_REQUEST, reasonOf(e)));
          }
        });
  }

  /** What our own checks say, which Jackson wraps. */
  private static String reasonOf(IllegalArgumentException e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof IllegalArgumentException ? cause.getMessage() : e.getMessage();
  }

  private Route windows(int partition, WindowsRequest request) {
    return onComplete(
        request.users().isEmpty()
            ? windows.page(partition, request.after(), request.limit())
            : windows.of(partition, request.users()),
        answer ->
            answer.isSuccess()
                ? json(StatusCodes.OK, answer.get())
                : complete(
                    Problem.response(
                        StatusCodes.SERVICE_UNAVAILABLE, "the partition does not answer in time")));
  }

  private Route reread(int partition, WindowsRequest request) {
    return onSuccess(
        windows.reread(partition, request.users()),
        _ -> complete(HttpResponse.create().withStatus(StatusCodes.ACCEPTED)));
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
