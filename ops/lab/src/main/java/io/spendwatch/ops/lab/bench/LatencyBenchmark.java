package io.spendwatch.ops.lab.bench;

import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.loadgen.workload.Workload;
import io.spendwatch.loadgen.workload.WorkloadSettings;
import io.spendwatch.ops.lab.bench.load.Traffic;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.site.Subscriber;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import io.spendwatch.ops.lab.bench.turns.Ingestion;
import io.spendwatch.ops.lab.bench.turns.Turn;
import io.spendwatch.ops.lab.bench.turns.WarmUp;
import io.spendwatch.protocol.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/**
 * How long it takes from the instant at which a record was to be sent until a {@code
 * read_committed} subscriber has its alert, at steady rates whatever becomes of them; beside a
 * rival, in turns, each with a new process on a new database and topics.
 */
public final class LatencyBenchmark {
  private static final String NAME = Benchmark.LATENCY.label();

  /** At each rate alike, so that percentiles are of equally many alerts. */
  private static final double SCENARIOS_PER_SECOND = 50;

  private static final double[] PERCENTILES = {50, 99, 99.9, 100};

  /** So that the compilers have seen the hot path. */
  private static final long WARM_UP_RECORDS_MAX = 200_000;

  /** But no more than so many times what is measured. */
  private static final int WARM_UP_FACTOR = 10;

  /**
   * How much.
   *
   * @param perSecond rates, one after the other
   * @param phase how long each of them
   * @param users whose records they are
   * @param rounds of turns
   * @param javaOptions of node and rival alike
   * @param seed of the records
   */
  public record Load(
      List<Integer> perSecond,
      Duration phase,
      int users,
      int rounds,
      String javaOptions,
      long seed) {}

  /**
   * One rate in one turn.
   *
   * @param micros from the intended sending to the readable alert
   */
  private record Phase(Ingestion.Steady ingested, Histogram micros) {
    double millis(double percentile) {
      return Figure.millis(micros, percentile);
    }
  }

  private final Bench bench;
  private final Contender rival;
  private final Load load;

  /** By rate and contender, its turns. */
  private final Map<Integer, Map<Contender, List<Phase>>> phases = new TreeMap<>();

  private long alerts;

  public LatencyBenchmark(Bench bench, Contender rival, Load load) {
    this.bench = bench;
    this.rival = rival;
    this.load = load;
  }

  public List<Figure> run() {
    WorkloadSettings settings =
        Traffic.settings("latency", load.seed(), load.users(), SCENARIOS_PER_SECOND);
    try (Site site = bench.site()) {
      Namespace original = site.create("latency", bench.now());
      Site.insertAccounts(
          original.address(), new Workload(settings).accounts(bench.now().toEpochMilli()));
      for (int round = 0; round < load.rounds(); round++) {
        for (Contender contender : rival.turns(round)) {
          String name = String.format(Locale.ROOT, "latency-%s-%d", contender.command(), round + 1);
          Namespace namespace = site.copy(name, original);
          turn(site, contender, namespace, settings);
          site.remove(namespace);
        }
      }
    }
    return figures();
  }

  private void turn(
      Site site, Contender contender, Namespace namespace, WorkloadSettings settings) {
    Topics topics = namespace.topics();
    var check = new AlertCheck(settings.run());
    try (Turn turn = Turn.start(bench, site, contender, namespace, load.javaOptions());
        Subscriber subscriber = Subscriber.start(site.client(), topics.alerts(), check, true);
        var traffic =
            new Traffic(site.producer(), topics.transactions(), settings, check::expect)) {
      var ingestion = new Ingestion(turn, traffic);
      long startMs = Instant.now().toEpochMilli() - warmUpRecords();
      Site.execute(
          namespace.address(),
          String.format(
              Locale.ROOT,
              "SELECT spendwatch.ensure_partitions(ARRAY[timestamptz '%s', now(), now() + interval '1 day'])",
              Instant.ofEpochMilli(startMs)));
      traffic.touchUsers(startMs);
      double _ = ingestion.past(warmUpRecords(), startMs);
      new WarmUp(bench, turn, ingestion).run(fastest(), load.phase());
      Histogram before = subscriber.awaitExact(contender.label()).latencyMicros();
      for (int perSecond : load.perSecond()) {
        Ingestion.Steady ingested = ingestion.steady(perSecond, load.phase());
        AlertCheck.Row all = subscriber.awaitExact(contender.label());
        Histogram micros = all.latencyMicros();
        micros.subtract(before);
        before.add(micros);
        note(contender, perSecond, new Phase(ingested, micros));
      }
      turn.awaitRows();
      namespace.checkRows(contender.label(), traffic.sent());
      alerts = check.report().total().seen();
    }
  }

  private int fastest() {
    return load.perSecond().stream().mapToInt(Integer::intValue).max().orElseThrow();
  }

  private long warmUpRecords() {
    long measured =
        load.perSecond().stream().mapToLong(Integer::longValue).sum() * load.phase().toSeconds();
    return Math.min(WARM_UP_RECORDS_MAX, WARM_UP_FACTOR * measured);
  }

  private void note(Contender contender, int perSecond, Phase phase) {
    phases
        .computeIfAbsent(perSecond, _ -> new EnumMap<>(Contender.class))
        .computeIfAbsent(contender, _ -> new ArrayList<>())
        .add(phase);
    bench.say(
        String.format(
            Locale.ROOT,
            "%-13s %,6d/s: p50 %,.1f, p99 %,.1f, p99.9 %,.1f, max %,.1f ms of %,d alerts; lag at most %,d, at the end %,d; sent late by %,.0f ms at most; load average %s",
            contender.label(),
            perSecond,
            phase.millis(50),
            phase.millis(99),
            phase.millis(99.9),
            phase.millis(100),
            phase.micros().getTotalCount(),
            phase.ingested().lagRecords().stream().mapToLong(Long::longValue).max().orElse(0),
            phase.ingested().lagAtEndRecords(),
            phase.ingested().behindMillisMax(),
            BenchReport.loadAverage()));
  }

  private List<Figure> figures() {
    List<Figure> figures = new ArrayList<>();
    for (int perSecond : phases.keySet()) {
      String rate = String.format(Locale.ROOT, "%,d/s: ", perSecond);
      for (double percentile : PERCENTILES) {
        String which =
            percentile == 100 ? "max" : "p" + Double.toString(percentile).replaceFirst("\\.0$", "");
        add(figures, perSecond, rate + which, "ms", phase -> phase.millis(percentile));
      }
      add(figures, perSecond, rate + "ingested", "tx/s", phase -> phase.ingested().perSecond());
      add(
          figures,
          perSecond,
          rate + "lag, first half",
          "tx",
          phase -> phase.ingested().lagMean(0, 0.5));
      add(
          figures,
          perSecond,
          rate + "lag, second half",
          "tx",
          phase -> phase.ingested().lagMean(0.5, 1));
      add(
          figures,
          perSecond,
          rate + "lag at the end",
          "tx",
          phase -> phase.ingested().lagAtEndRecords());
      add(
          figures,
          perSecond,
          rate + "sent late by at most",
          "ms",
          phase -> phase.ingested().behindMillisMax());
    }
    return figures;
  }

  private void add(
      List<Figure> figures,
      int perSecond,
      String name,
      String unit,
      ToDoubleFunction<Phase> value) {
    Map<Contender, List<Phase>> turns = phases.get(perSecond);
    figures.add(
        new Figure(
            NAME,
            name,
            median(turns.get(Contender.NODE), value),
            unit,
            median(turns.get(rival), value),
            String.format(
                Locale.ROOT,
                "%,d alerts a turn, none missed, extra or doubled; rows as records",
                alerts)));
  }

  private static double median(List<Phase> turns, ToDoubleFunction<Phase> value) {
    return Figure.median(turns.stream().map(value::applyAsDouble).toList());
  }
}
