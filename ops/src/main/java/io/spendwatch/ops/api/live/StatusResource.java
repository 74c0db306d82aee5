package io.spendwatch.ops.api.live;

import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.NodeStatus;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code GET /api/v1/status}: {@link ClusterStatus}; {@code ?scope=node}: {@link NodeStatus}. */
public final class StatusResource implements Resource {
  private final Supplier<NodeStatus> node;
  private final Supplier<CompletionStage<ClusterStatus>> cluster;

  /**
   * @param node this one's; cheap
   * @param cluster asks all nodes
   */
  public StatusResource(
      Supplier<NodeStatus> node, Supplier<CompletionStage<ClusterStatus>> cluster) {
    this.node = node;
    this.cluster = cluster;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () -> path("status", () -> get(() -> parameterOptional("scope", this::status))));
  }

  private Route status(Optional<String> scope) {
    return switch (scope.orElse("cluster")) {
      case "cluster" -> onSuccess(cluster.get(), whole -> Answers.json(StatusCodes.OK, whole));
      case "node" -> Answers.json(StatusCodes.OK, node.get());
      default -> Answers.problem(StatusCodes.BAD_REQUEST, "scope: expected: cluster or node");
    };
  }
}
