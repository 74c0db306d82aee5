package io.spendwatch.ops.lab.bench;

import io.spendwatch.ops.lab.bench.load.Traffic;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.turns.Backlog;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import io.spendwatch.ops.lab.bench.turns.Turn;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.common.TopicPartition;

/**
 * How long it takes from the start of a node's process, by the launcher, until it has decided on
 * what waits in the topic; on servers that run, with a schema that is there. The first start on a
 * site finds broker and database cold.
 */
final class StartBenchmark {
  private static final String NAME = Benchmark.START.label();
  private static final String FIRST_ROW =
      "SELECT (extract(epoch FROM min(ingested_at)) * 1000)::bigint FROM spendwatch.transactions";

  private final Bench bench;
  private final DrainBenchmark.Load load;

  StartBenchmark(Bench bench, DrainBenchmark.Load load) {
    this.bench = bench;
    this.load = load;
  }

  /**
   * What a start came to, in seconds since the process began.
   *
   * @param assessed until the first transactions were decided on
   * @param committed until their offsets were seen to be committed, and so their rows durable
   * @param cpu processor time of the node until then; empty where it cannot be known
   * @param check what was right
   */
  private record Start(double assessed, double committed, Optional<Double> cpu, String check) {}

  List<Figure> run() {
    List<Start> starts = new ArrayList<>();
    try (Site site = bench.site()) {
      var backlog =
          new Backlog(
              Traffic.settings(
                  NAME, load.seed(), load.users(), DrainBenchmark.SCENARIOS_PER_SECOND),
              load.users(),
              load.backlog());
      Namespace original = site.create(NAME, bench.now());
      backlog.produce(site, original, bench.now());
      for (int round = 1; round <= load.rounds(); round++) {
        starts.add(start(site, site.share(NAME + "-" + round, original), backlog));
      }
      site.remove(original);
    }
    List<Figure> figures = new ArrayList<>();
    figures.add(figure(starts, "first transaction assessed", Start::assessed));
    figures.add(figure(starts, "its offset committed", Start::committed));
    if (starts.stream().allMatch(each -> each.cpu().isPresent())) {
      figures.add(figure(starts, "CPU until then", each -> each.cpu().orElseThrow()));
    }
    return figures;
  }

  private Start start(Site site, Namespace namespace, Backlog backlog) {
    long startMs = Instant.now().toEpochMilli();
    long startNanos = System.nanoTime();
    Start start;
    try (Turn turn = Turn.start(bench, site, Contender.NODE, namespace, load.javaOptions())) {
      Map<TopicPartition, Long> ends = turn.offsets().ends();
      long _ = turn.awaitBehind(ends, backlog.records() - 1);
      double committed = (System.nanoTime() - startNanos) / 1e9;
      Optional<Double> cpu = turn.ownCpuSeconds();
      long _ = turn.awaitBehind(ends, 0);
      start =
          new Start(
              (Site.number(namespace.address(), FIRST_ROW) - startMs) / 1e3,
              committed,
              cpu,
              backlog.check(Contender.NODE.label(), site, namespace));
    }
    site.remove(namespace);
    bench.say(
        String.format(
            Locale.ROOT,
            "first assessed after %.2f s, committed after %.2f s; %s; load average %s",
            start.assessed(),
            start.committed(),
            start.check(),
            BenchReport.loadAverage()));
    return start;
  }

  private static Figure figure(List<Start> starts, String name, ToDoubleFunction<Start> value) {
    return Figure.of(
        NAME,
        name,
        Figure.median(starts.stream().map(value::applyAsDouble).toList()),
        "s",
        starts.getFirst().check());
  }
}
