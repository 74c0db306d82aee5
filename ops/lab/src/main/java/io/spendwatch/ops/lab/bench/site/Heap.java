package io.spendwatch.ops.lab.bench.site;

import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionCommand;
import io.spendwatch.errors.OperatorException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.pattern.Patterns;

/** What this JVM holds. */
public final class Heap {
  private static final int COLLECTIONS = 3;
  private static final Duration STOP_MAX = Duration.ofMinutes(1);

  private Heap() {}

  /** Without garbage. Takes a while. */
  @SuppressWarnings("SystemGc") // what is left after it is what is measured
  public static long usedBytes() {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /**
   * Stops them all. Blocks until they have ended and their users' actors with them, which only then
   * hold nothing any more.
   *
   * @throws OperatorException if they do not within a minute
   */
  public static void drop(PartitionActors actors) {
    List<CompletableFuture<Boolean>> ends = new ArrayList<>();
    actors.forEach(
        actor ->
            ends.add(
                Patterns.gracefulStop(
                        Adapter.toClassic(actor), STOP_MAX, new PartitionCommand.Stop())
                    .toCompletableFuture()));
    try {
      CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new)).join();
    } catch (CompletionException e) {
      throw new OperatorException(
          "the partitions' actors do not stop: " + e.getCause().getMessage(), e.getCause());
    }
  }
}
