package io.spendwatch.ops.lab.bench;

import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.ops.lab.bench.site.Heap;
import io.spendwatch.ops.lab.bench.site.Installation;
import io.spendwatch.ops.lab.bench.site.Touch;
import java.util.List;

/** The first touch of each user after a restart has its window read from PostgreSQL. */
final class RestoreBenchmark {
  private static final String NAME = Benchmark.RESTORE.label();

  private final Installation on;
  private final Benchmark.Size size;

  RestoreBenchmark(Installation on, Benchmark.Size size) {
    this.on = on;
    this.size = size;
  }

  List<Figure> run() {
    History.write(on, size);
    PartitionActors actors = on.actors(size.users());
    double seconds =
        new Touch(
                    on,
                    actors,
                    History.PREFIX,
                    size.users(),
                    (size.entries() + 1) * Touch.AMOUNT_MINOR)
                .run()
                .toMillis()
            / 1000.0;
    Heap.drop(actors);
    return List.of(
        figure("users", size.users(), "users"),
        figure("entries of each", size.entries(), "entries"),
        figure("until all were assessed once", seconds, "s"),
        figure("users restored", size.users() / seconds, "users/s"),
        figure("entries restored", (double) size.users() * size.entries() / seconds, "entries/s"));
  }

  private static Figure figure(String name, double value, String unit) {
    return Figure.of(NAME, name, value, unit, Touch.CHECK);
  }
}
