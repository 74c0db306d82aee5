package io.spendwatch.ops.api;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.handleExceptions;
import static org.apache.pekko.http.javadsl.server.Directives.handleRejections;
import static org.apache.pekko.http.javadsl.server.Directives.reject;

import io.spendwatch.ops.api.answers.Connection;
import io.spendwatch.ops.api.answers.Problem;
import io.spendwatch.ops.api.answers.Resource;
import java.util.List;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.ExceptionHandler;
import org.apache.pekko.http.javadsl.server.MethodRejection;
import org.apache.pekko.http.javadsl.server.RejectionHandler;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.javadsl.Flow;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that a node answers over HTTP: its {@link Resource}s, a class for each kind of thing. Errors
 * are {@link Problem}s. Thread-safe.
 */
public final class HttpApi {
  private static final Logger LOG = LoggerFactory.getLogger(HttpApi.class);

  private final List<Resource> resources;
  private final Guard guard;

  /**
   * Nothing is asked or served yet.
   *
   * @param guard whom each request has to pass
   */
  public HttpApi(List<Resource> resources, Guard guard) {
    this.resources = List.copyOf(resources);
    this.guard = guard;
  }

  /** All of it, errors included. */
  public Route routes() {
    return guard.protect(
        () ->
            handleRejections(
                rejections(), () -> handleExceptions(exceptions(), this::anyResource)));
  }

  /**
   * What a server does with each connection: all of it, and each request knows when its client has
   * gone. That is noticed while it is being answered since the next one is waited for then, which
   * the server's {@code pipelining-limit} of two allows.
   */
  public Flow<HttpRequest, HttpResponse, NotUsed> connections(ActorSystem<?> system) {
    var handler = routes().handler(system);
    return Flow.fromMaterializer(
            (_, _) -> {
              var connection = new Connection();
              return Flow.of(HttpRequest.class)
                  .watchTermination(
                      (there, done) -> {
                        var _ = done.whenComplete((_, _) -> connection.close());
                        return there;
                      })
                  .mapAsync(1, request -> handler.apply(connection.add(request)));
            })
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  private Route anyResource() {
    return resources.stream()
        .map(Resource::routes)
        .reduce((first, next) -> concat(first, next))
        .orElseGet(() -> reject());
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
