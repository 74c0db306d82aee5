package io.spendwatch.ops.audit;

import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/** Where no node can be asked: the tables alone are looked at. */
public final class NobodysWindows implements AwakeWindows {
  @Override
  public CompletionStage<PartitionWindows> page(int partition, String after, int usersMax) {
    return notAsked();
  }

  @Override
  public CompletionStage<PartitionWindows> of(int partition, List<String> userIds) {
    return notAsked();
  }

  @Override
  public CompletionStage<Done> reread(int partition, List<String> userIds) {
    return notAsked();
  }

  private static <T> CompletionStage<T> notAsked() {
    return CompletableFuture.failedFuture(new IllegalStateException("nobody is asked"));
  }
}
