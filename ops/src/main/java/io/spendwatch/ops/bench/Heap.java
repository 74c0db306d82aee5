package io.spendwatch.ops.bench;

import io.spendwatch.actors.PartitionActors;
import io.spendwatch.actors.PartitionCommand;
import java.lang.management.ManagementFactory;

/** What this JVM holds. */
final class Heap {
  private static final int COLLECTIONS = 3;

  private Heap() {}

  /** Without garbage. Takes a while. */
  @SuppressWarnings("SystemGc") // what is left after it is what is measured
  static long usedBytes() {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Stops them all. */
  static void drop(PartitionActors actors) {
    actors.forEach(actor -> actor.tell(new PartitionCommand.Stop()));
  }
}
