package io.spendwatch.ops.api.live;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.post;

import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.audit.windows.WindowsRequest;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * What the audit asks of a partition, from outside the cluster.
 *
 * <pre>
 *   POST /api/v1/partitions/{p}/windows   {@link PartitionWindows} for a {@link WindowsRequest};
 *                                         503 where the partition does not answer in time
 *   POST /api/v1/partitions/{p}/reread    202: these users are forgotten and read anew;
 *                                         both 404 where the topic has no such partition
 * </pre>
 */
public final class PartitionsResource implements Resource {
  private final Supplier<OptionalInt> partitions;
  private final AwakeWindows windows;

  /**
   * @param partitions how many the transactions have; empty while that is not known
   */
  public PartitionsResource(Supplier<OptionalInt> partitions, AwakeWindows windows) {
    this.partitions = partitions;
    this.windows = windows;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () ->
            pathPrefix(
                "partitions", () -> pathPrefix(PathMatchers.integerSegment(), this::partition)));
  }

  /** A question to a partition that is none would make a shard for it, which stays. */
  private Route partition(int partition) {
    OptionalInt count = partitions.get();
    if (count.isEmpty()) {
      return Answers.problem(
          StatusCodes.SERVICE_UNAVAILABLE, "how many partitions there are is not known yet");
    }
    if (partition >= count.getAsInt()) {
      return Answers.problem(
          StatusCodes.NOT_FOUND,
          "there is no partition " + partition + " (expected: below " + count.getAsInt() + ")");
    }
    return concat(
        path(
            "windows",
            () ->
                post(
                    () ->
                        Answers.posted(
                            WindowsRequest.class, request -> windows(partition, request)))),
        path(
            "reread",
            () ->
                post(
                    () ->
                        Answers.posted(
                            WindowsRequest.class, request -> reread(partition, request)))));
  }

  private Route windows(int partition, WindowsRequest request) {
    return Answers.whenThere(
        request.users().isEmpty()
            ? windows.page(partition, request.after(), request.limit())
            : windows.of(partition, request.users()),
        "the partition does not answer in time");
  }

  private Route reread(int partition, WindowsRequest request) {
    return onSuccess(
        windows.reread(partition, request.users()),
        _ -> complete(HttpResponse.create().withStatus(StatusCodes.ACCEPTED)));
  }
}
