package io.spendwatch.ops.api.live;

import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;

import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.status.NodeStatus;
import java.util.List;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * For who starts and restarts nodes.
 *
 * <pre>
 *   GET /health/live     200 while the process works
 *   GET /health/ready    200 when consuming; 503 says what is waited for
 * </pre>
 */
public final class HealthResource implements Resource {
  private final Supplier<NodeStatus> status;

  /** The answer of both. */
  record Health(String status, List<String> waitingFor) {}

  /**
   * @param status of this node; cheap
   */
  public HealthResource(Supplier<NodeStatus> status) {
    this.status = status;
  }

  @Override
  public Route routes() {
    return pathPrefix(
        "health",
        () ->
            concat(
                path(
                    "live",
                    () -> get(() -> Answers.json(StatusCodes.OK, new Health("live", List.of())))),
                path("ready", () -> get(this::ready))));
  }

  private Route ready() {
    NodeStatus.NodeInfo node = status.get().node();
    return switch (node.state()) {
      case READY -> Answers.json(StatusCodes.OK, new Health("ready", List.of()));
      case WAITING ->
          Answers.json(StatusCodes.SERVICE_UNAVAILABLE, new Health("waiting", node.waitingFor()));
      case DRAINING ->
          Answers.json(StatusCodes.SERVICE_UNAVAILABLE, new Health("draining", node.waitingFor()));
    };
  }
}
