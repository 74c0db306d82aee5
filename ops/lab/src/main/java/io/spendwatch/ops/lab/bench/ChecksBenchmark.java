package io.spendwatch.ops.lab.bench;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.loadgen.workload.Workload;
import io.spendwatch.loadgen.workload.WorkloadSettings;
import io.spendwatch.ops.lab.bench.load.CheckLoad;
import io.spendwatch.ops.lab.bench.load.Traffic;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.site.Subscriber;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import io.spendwatch.ops.lab.bench.turns.Ingestion;
import io.spendwatch.ops.lab.bench.turns.Turn;
import io.spendwatch.ops.lab.bench.turns.WarmUp;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * How soon a node says what a transaction would do, beside transactions at a steady rate, and what
 * that costs these: in turns with and without, each as long. Medians over the rounds.
 */
public final class ChecksBenchmark {
  private static final String NAME = Benchmark.CHECKS.label();

  /** How the ids of background users begin. */
  private static final String USER = NAME + "-u";

  private static final double SCENARIOS_PER_SECOND = 50;

  /**
   * How much.
   *
   * @param perSecond transactions
   * @param checksPerSecond beside them
   * @param phase how long each turn takes
   * @param users who take part
   * @param rounds of turns
   * @param javaOptions of the node
   * @param seed of the records
   */
  public record Load(
      int perSecond,
      int checksPerSecond,
      Duration phase,
      int users,
      int rounds,
      String javaOptions,
      long seed) {}

  /** Turn by turn, milliseconds, cores and shares. */
  private static final class Seen {
    private final List<Double> p50 = new ArrayList<>();
    private final List<Double> p99 = new ArrayList<>();
    private final List<Double> cores = new ArrayList<>();
  }

  private final Bench bench;
  private final Load load;
  private final Seen alone = new Seen();
  private final Seen beside = new Seen();
  private final List<Double> checkP50 = new ArrayList<>();
  private final List<Double> checkP99 = new ArrayList<>();
  private final List<Double> checkMax = new ArrayList<>();
  private final List<Double> degraded = new ArrayList<>();
  private long checks;
  private long alerts;

  public ChecksBenchmark(Bench bench, Load load) {
    this.bench = bench;
    this.load = load;
  }

  public List<Figure> run() {
    WorkloadSettings settings =
        Traffic.settings(NAME, load.seed(), load.users(), SCENARIOS_PER_SECOND);
    var check = new AlertCheck(NAME);
    try (Site site = bench.site()) {
      Namespace namespace = site.create(NAME, bench.now());
      Site.insertAccounts(
          namespace.address(), new Workload(settings).accounts(bench.now().toEpochMilli()));
      int httpPort = Ports.free();
      URI node = URI.create("http://127.0.0.1:" + httpPort);
      try (Turn turn =
              Turn.start(bench, site, Contender.NODE, namespace, load.javaOptions(), httpPort);
          Subscriber subscriber =
              Subscriber.start(site.client(), namespace.topics().alerts(), check, true);
          var traffic =
              new Traffic(
                  site.producer(), namespace.topics().transactions(), settings, check::expect)) {
        var ingestion = new Ingestion(turn, traffic);
        traffic.touchUsers(System.currentTimeMillis());
        warmUp(turn, ingestion, node);
        for (int round = 0; round < load.rounds(); round++) {
          if (round % 2 == 0) {
            measure(turn, ingestion, subscriber, alone);
            beside(turn, ingestion, subscriber, node);
          } else {
            beside(turn, ingestion, subscriber, node);
            measure(turn, ingestion, subscriber, alone);
          }
        }
        alerts = subscriber.awaitExact(NAME).seen();
        namespace.checkRows(NAME, traffic.sent());
      }
    }
    return figures();
  }

  private CheckLoad asking(URI node) {
    return new CheckLoad(node, load.checksPerSecond(), USER, load.users());
  }

  private void warmUp(Turn turn, Ingestion ingestion, URI node) {
    try (CheckLoad _ = asking(node)) {
      new WarmUp(bench, turn, ingestion).run(load.perSecond(), load.phase());
    }
  }

  private void beside(Turn turn, Ingestion ingestion, Subscriber subscriber, URI node) {
    try (CheckLoad asking = asking(node)) {
      measure(turn, ingestion, subscriber, beside);
      CheckLoad.Outcome outcome = asking.stop();
      long answered = outcome.tookMicros().getTotalCount();
      if (outcome.refused() > 0) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "%,d of %,d checks were refused or had no answer: ask for less (--checks)",
                outcome.refused(),
                answered + outcome.refused()));
      }
      checks += answered;
      checkP50.add(Figure.millis(outcome.tookMicros(), 50));
      checkP99.add(Figure.millis(outcome.tookMicros(), 99));
      checkMax.add(Figure.millis(outcome.tookMicros(), 100));
      degraded.add(100.0 * outcome.degraded() / answered);
      bench.say(
          String.format(
              Locale.ROOT,
              "%,d checks/s: p50 %.1f, p99 %.1f, max %.1f ms; %.2f %% degraded",
              load.checksPerSecond(),
              checkP50.getLast(),
              checkP99.getLast(),
              checkMax.getLast(),
              degraded.getLast()));
    }
  }

  private void measure(Turn turn, Ingestion ingestion, Subscriber subscriber, Seen seen) {
    Histogram before = subscriber.awaitExact(NAME).latencyMicros();
    double startSeconds = turn.cpuSeconds();
    long startNanos = System.nanoTime();
    Ingestion.Steady _ = ingestion.steady(load.perSecond(), load.phase());
    double took = (System.nanoTime() - startNanos) / 1e9;
    seen.cores.add((turn.cpuSeconds() - startSeconds) / took);
    Histogram micros = subscriber.awaitExact(NAME).latencyMicros();
    micros.subtract(before);
    seen.p50.add(Figure.millis(micros, 50));
    seen.p99.add(Figure.millis(micros, 99));
    bench.say(
        String.format(
            Locale.ROOT,
            "%,d transactions/s %s: alert p50 %.1f, p99 %.1f ms; %.2f cores, all processes",
            load.perSecond(),
            seen == alone ? "alone" : "beside checks",
            seen.p50.getLast(),
            seen.p99.getLast(),
            seen.cores.getLast()));
  }

  private List<Figure> figures() {
    String rows =
        String.format(
            Locale.ROOT, "%,d alerts, none missed, extra or doubled; rows as records", alerts);
    String answers = String.format(Locale.ROOT, "%,d checks, all answered", checks);
    String at = String.format(Locale.ROOT, " at %,d/s", load.checksPerSecond());
    return List.of(
        Figure.of(NAME, "check p50" + at, Figure.median(checkP50), "ms", answers),
        Figure.of(NAME, "check p99" + at, Figure.median(checkP99), "ms", answers),
        Figure.of(NAME, "check max" + at, Figure.median(checkMax), "ms", answers),
        Figure.of(NAME, "degraded" + at, Figure.median(degraded), "%", answers),
        Figure.of(NAME, "alert p50, alone", Figure.median(alone.p50), "ms", rows),
        Figure.of(NAME, "alert p99, alone", Figure.median(alone.p99), "ms", rows),
        Figure.of(NAME, "alert p50, beside", Figure.median(beside.p50), "ms", rows),
        Figure.of(NAME, "alert p99, beside", Figure.median(beside.p99), "ms", rows),
        Figure.of(NAME, "cores, alone", Figure.median(alone.cores), "cores", rows),
        Figure.of(NAME, "cores, beside", Figure.median(beside.cores), "cores", rows));
  }
}
