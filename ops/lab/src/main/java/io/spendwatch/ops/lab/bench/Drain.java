package io.spendwatch.ops.lab.bench;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.turns.Backlog;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import io.spendwatch.ops.lab.bench.turns.Turn;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.common.TopicPartition;

/**
 * A backlog that a node and a rival take in turns, each turn with a new process on a new database,
 * until its rows are durable, its alerts readable and its offsets committed.
 *
 * <p>The steady rate is that of the records after the warm-up: the JVM is warm by then, and all
 * users in memory.
 */
final class Drain {
  private final Bench bench;
  private final Site site;
  private final Contender rival;
  private final String javaOptions;

  /**
   * @param rival of the node
   * @param javaOptions of both alike
   */
  Drain(Bench bench, Site site, Contender rival, String javaOptions) {
    this.bench = bench;
    this.site = site;
    this.rival = rival;
    this.javaOptions = javaOptions;
  }

  /**
   * What a turn came to.
   *
   * @param perSecond after the warm-up
   * @param coldPerSecond from the first commit on
   * @param cpuMicros for each record after the warm-up, by process
   * @param check what was right
   */
  record Taken(
      double perSecond, double coldPerSecond, Map<String, Double> cpuMicros, String check) {}

  /**
   * What all turns came to; by contender, its turns.
   *
   * <p>Not thread-safe.
   */
  static final class Turns {
    private final Map<Contender, List<Taken>> taken = new EnumMap<>(Contender.class);

    private void add(Contender contender, Taken turn) {
      taken.computeIfAbsent(contender, _ -> new ArrayList<>()).add(turn);
    }

    /** The median of a contender's turns. */
    double median(Contender contender, ToDoubleFunction<Taken> value) {
      return Figure.median(taken.get(contender).stream().map(value::applyAsDouble).toList());
    }

    /** The processes whose processor time is known, the contender's own among them. */
    Set<String> processes() {
      return taken.get(Contender.NODE).getFirst().cpuMicros().keySet();
    }

    /** What was right in each of them. */
    String check() {
      return taken.get(Contender.NODE).getFirst().check();
    }
  }

  /**
   * Takes turns.
   *
   * @param name what tells this backlog from others on this site
   */
  Turns run(String name, Backlog backlog, int rounds) {
    var turns = new Turns();
    Namespace original = site.create(name, bench.now());
    bench.say(String.format(Locale.ROOT, "producing %,d transactions", backlog.records()));
    backlog.produce(site, original, bench.now());
    for (int round = 0; round < rounds; round++) {
      for (Contender contender : rival.turns(round)) {
        String turn = String.format(Locale.ROOT, "%s-%s-%d", name, contender.command(), round + 1);
        turns.add(contender, turn(contender, site.share(turn, original), backlog));
      }
    }
    site.remove(original);
    return turns;
  }

  private Taken turn(Contender contender, Namespace namespace, Backlog backlog) {
    Taken taken;
    try (Turn turn = Turn.start(bench, site, contender, namespace, javaOptions)) {
      taken = take(turn, backlog, () -> backlog.check(contender.label(), site, namespace));
    }
    site.remove(namespace);
    bench.say(
        String.format(
            Locale.ROOT,
            "%-13s %,9.0f tx/s, from the first commit on %,9.0f tx/s; %s; load average %s",
            contender.label(),
            taken.perSecond(),
            taken.coldPerSecond(),
            taken.check(),
            BenchReport.loadAverage()));
    return taken;
  }

  private static Taken take(Turn turn, Backlog backlog, Supplier<String> check) {
    Map<TopicPartition, Long> ends = turn.offsets().ends();
    long atFirst = turn.awaitBehind(ends, backlog.records() - 1);
    long firstNanos = System.nanoTime();
    long atStart = turn.awaitBehind(ends, backlog.measured());
    long startNanos = System.nanoTime();
    if (atStart < backlog.measured() / 2) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "the backlog of %,d is too small to be measured: it was gone at once (--backlog)",
              backlog.measured()));
    }
    Map<String, Double> cpuAtStart = turn.cpuClock().seconds();
    long _ = turn.awaitBehind(ends, 0);
    turn.awaitRows();
    long endNanos = System.nanoTime();
    Map<String, Double> cpuMicros = new LinkedHashMap<>();
    turn.cpuClock()
        .seconds()
        .forEach(
            (process, seconds) ->
                cpuMicros.put(process, (seconds - cpuAtStart.get(process)) * 1e6 / atStart));
    if (!cpuMicros.isEmpty()) {
      cpuMicros.put("together", cpuMicros.values().stream().mapToDouble(d -> d).sum());
    }
    return new Taken(
        perSecond(atStart, startNanos, endNanos),
        perSecond(atFirst, firstNanos, endNanos),
        cpuMicros,
        check.get());
  }

  private static double perSecond(long records, long startNanos, long endNanos) {
    return records / ((endNanos - startNanos) / 1e9);
  }
}
