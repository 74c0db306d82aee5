package io.spendwatch.ops.bench;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * How fast a backlog is taken: until its rows are durable, its alerts readable and its offsets
 * committed. A node and the bare loop take the same backlog in turns, each turn with a new process
 * on a new database.
 *
 * <p>The steady rate is that of the records after the warm-up, which has each user once: the JVM is
 * warm by then, and all users in memory.
 */
public final class DrainBenchmark {
  private static final String NAME = "drain";

  /** So that the compilers have seen the hot path. */
  private static final long WARM_UP_MIN = 400_000;

  /**
   * How much.
   *
   * @param backlog records that are measured
   * @param users whose they are
   * @param rounds of turns
   * @param javaOptions of node and bare loop alike
   */
  public record Load(long backlog, int users, int rounds, String javaOptions) {}

  /**
   * What a turn came to.
   *
   * @param perSecond after the warm-up
   * @param coldPerSecond from the first commit on
   * @param cpuMicros for each record after the warm-up, by process
   */
  private record Drained(double perSecond, double coldPerSecond, Map<String, Double> cpuMicros) {}

  private final Bench bench;
  private final Load load;
  private final Backlog backlog;
  private final Map<Contender, List<Drained>> drained = new EnumMap<>(Contender.class);

  DrainBenchmark(Bench bench, Load load) {
    this.bench = bench;
    this.load = load;
    long warmUp = Math.max(load.users(), Math.min(WARM_UP_MIN, load.backlog()));
    this.backlog = new Backlog(load.users(), warmUp, load.backlog());
    for (Contender contender : Contender.values()) {
      drained.put(contender, new ArrayList<>());
    }
  }

  List<Figure> run() {
    try (Site site = bench.site()) {
      String original = site.createDatabase("bench", bench.now());
      Site.execute(original, backlog.statements(bench.now()).toArray(String[]::new));
      Namespace waiting = Namespace.of("drain", original, null);
      site.createTopics(waiting);
      bench.say("producing %,d transactions".formatted(backlog.records()));
      backlog.produce(site.client(), waiting.topics().transactions(), bench.now());
      for (int round = 1; round <= load.rounds(); round++) {
        for (Contender contender : Contender.turns(round - 1)) {
          drained.get(contender).add(turn(site, contender, round, waiting));
        }
      }
    }
    return figures();
  }

  private Drained turn(Site site, Contender contender, int round, Namespace waiting) {
    String name = "drain-%s-%d".formatted(contender.command(), round);
    String database = site.copyDatabase(name, "bench");
    Namespace namespace = Namespace.of(name, database, waiting.topics().transactions());
    site.createTopics(namespace);
    Drained result;
    try (Turn turn = Turn.start(bench, site, contender, namespace, load.javaOptions())) {
      result = drain(turn);
    }
    backlog.check(contender.label(), site.client(), namespace);
    site.dropDatabase(name);
    bench.say(
        String.format(
            Locale.ROOT,
            "%-10s %,9.0f tx/s, from the first commit on %,9.0f tx/s; µs of CPU a record: %s",
            contender.label(),
            result.perSecond(),
            result.coldPerSecond(),
            result.cpuMicros()));
    return result;
  }

  private Drained drain(Turn turn) {
    Map<TopicPartition, Long> ends = turn.offsets().ends();
    long atFirst = turn.awaitBehind(ends, backlog.records() - 1);
    long firstNanos = System.nanoTime();
    long atStart = turn.awaitBehind(ends, backlog.measured());
    long startNanos = System.nanoTime();
    Map<String, Double> cpuAtStart = turn.cpuClock().seconds();
    turn.awaitBehind(ends, 0);
    long endNanos = System.nanoTime();
    Map<String, Double> cpuMicros = new LinkedHashMap<>();
    turn.cpuClock()
        .seconds()
        .forEach(
            (process, seconds) ->
                cpuMicros.put(process, (seconds - cpuAtStart.get(process)) * 1e6 / atStart));
    return new Drained(
        perSecond(atStart, startNanos, endNanos),
        perSecond(atFirst, firstNanos, endNanos),
        cpuMicros);
  }

  private static double perSecond(long records, long startNanos, long endNanos) {
    return records / ((endNanos - startNanos) / 1e9);
  }

  private List<Figure> figures() {
    List<Figure> figures = new ArrayList<>();
    for (Contender contender : Contender.values()) {
      List<Drained> turns = drained.get(contender);
      figures.add(figure(contender.label(), turns, Drained::perSecond, "tx/s"));
      figures.add(
          figure(
              contender.label() + ", from the first commit on",
              turns,
              Drained::coldPerSecond,
              "tx/s"));
      for (String process : turns.getFirst().cpuMicros().keySet()) {
        figures.add(
            figure(
                "%s: CPU of %s".formatted(contender.label(), process),
                turns,
                turn -> turn.cpuMicros().get(process),
                "µs/tx"));
      }
    }
    figures.add(
        new Figure(
            NAME,
            "node / bare loop",
            figures.getFirst().value()
                / figure("", drained.get(Contender.BARE_LOOP), Drained::perSecond, "").value(),
            ""));
    return figures;
  }

  private static Figure figure(
      String name,
      List<Drained> turns,
      java.util.function.ToDoubleFunction<Drained> value,
      String unit) {
    return new Figure(
        NAME, name, Figure.median(turns.stream().map(value::applyAsDouble).toList()), unit);
  }
}
