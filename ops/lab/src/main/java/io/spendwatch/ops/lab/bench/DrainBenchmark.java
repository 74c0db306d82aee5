package io.spendwatch.ops.lab.bench;

import io.spendwatch.ops.lab.bench.load.Traffic;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.turns.Backlog;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** How fast a backlog is taken, beside a rival. */
public final class DrainBenchmark {
  private static final String NAME = Benchmark.DRAIN.label();

  /** One in a thousand records leads to an alert, at a record a millisecond. */
  static final double SCENARIOS_PER_SECOND = 1;

  /** So that the compilers have seen the hot path. */
  private static final long WARM_UP_MIN = 400_000;

  /**
   * How much.
   *
   * @param backlog records that are measured
   * @param users whose they are
   * @param rounds of turns
   * @param javaOptions of node and rival alike
   * @param seed of the records
   */
  public record Load(long backlog, int users, int rounds, String javaOptions, long seed) {}

  private final Bench bench;
  private final Contender rival;
  private final Load load;

  public DrainBenchmark(Bench bench, Contender rival, Load load) {
    this.bench = bench;
    this.rival = rival;
    this.load = load;
  }

  /** Records of so many users, with a warm-up that is long enough for them. */
  public static Backlog backlog(long measured, int users, long seed) {
    return new Backlog(
        Traffic.settings("drain", seed, users, SCENARIOS_PER_SECOND),
        Math.max(users, Math.min(WARM_UP_MIN, measured)),
        measured);
  }

  public List<Figure> run() {
    Drain.Turns turns;
    try (Site site = bench.site()) {
      turns =
          new Drain(bench, site, rival, load.javaOptions())
              .run("drain", backlog(load.backlog(), load.users(), load.seed()), load.rounds());
    }
    List<Figure> figures = new ArrayList<>();
    figures.add(figure(turns, "steady", Drain.Taken::perSecond, "tx/s"));
    figures.add(figure(turns, "from the first commit on", Drain.Taken::coldPerSecond, "tx/s"));
    for (String process : turns.processes()) {
      figures.add(
          figure(turns, "CPU: " + process, taken -> taken.cpuMicros().get(process), "µs/tx"));
    }
    return figures;
  }

  private Figure figure(
      Drain.Turns turns, String name, ToDoubleFunction<Drain.Taken> value, String unit) {
    return new Figure(
        NAME,
        name,
        turns.median(Contender.NODE, value),
        unit,
        turns.median(rival, value),
        turns.check());
  }
}
