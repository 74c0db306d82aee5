package io.spendwatch.ops.lab.bench;

import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.ops.lab.bench.site.Heap;
import io.spendwatch.ops.lab.bench.site.Installation;
import io.spendwatch.ops.lab.bench.site.Touch;
import java.util.List;
import java.util.Locale;

/** What users in memory cost, everything included: actor, window, maps, balance. */
final class MemoryBenchmark {
  private static final String NAME = Benchmark.MEMORY.label();

  private final Installation on;
  private final Benchmark.Size size;

  MemoryBenchmark(Installation on, Benchmark.Size size) {
    this.on = on;
    this.size = size;
  }

  List<Figure> run() {
    long _ = heldBy("warm-up-", 1_000, 1_000, 0);
    double fresh = (double) heldBy("fresh-", size.users(), size.users(), 0) / size.users();
    History.write(on, size);
    double full =
        (double) heldBy(History.PREFIX, size.users(), size.users(), size.entries()) / size.users();
    long bounded = heldBy("seen-", size.usersSeen(), size.usersAwake(), 0);
    return List.of(
        figure("user awake, one entry", fresh, "B"),
        figure(String.format(Locale.ROOT, "user awake, %d entries", size.entries() + 1), full, "B"),
        figure("further entry of a window", (full - fresh) / size.entries(), "B"),
        figure(
            String.format(
                Locale.ROOT, "%d users seen, %d awake", size.usersSeen(), size.usersAwake()),
            bounded / 1024.0 / 1024.0,
            "MiB"));
  }

  private static Figure figure(String name, double value, String unit) {
    return Figure.of(NAME, name, value, unit, Touch.CHECK);
  }

  /**
   * Bytes of heap that are free again once the actors of all of these users, assessed once each,
   * have been dropped. Against the heap before, what is loaded and cached on the way would count as
   * users' too.
   */
  private long heldBy(String prefix, int users, int awakeUsersMax, int entries) {
    PartitionActors actors = on.actors(awakeUsersMax);
    var _ = new Touch(on, actors, prefix, users, (entries + 1) * Touch.AMOUNT_MINOR).run();
    long with = Heap.usedBytes();
    Heap.drop(actors);
    return with - Heap.usedBytes();
  }
}
