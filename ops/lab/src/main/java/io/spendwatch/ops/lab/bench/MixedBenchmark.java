package io.spendwatch.ops.lab.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.loadgen.workload.Workload;
import io.spendwatch.loadgen.workload.WorkloadSettings;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.bench.load.AnalyticalLoad;
import io.spendwatch.ops.lab.bench.load.Traffic;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.site.Subscriber;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import io.spendwatch.ops.lab.bench.turns.Ingestion;
import io.spendwatch.ops.lab.bench.turns.Turn;
import io.spendwatch.ops.lab.bench.turns.UnderLoad;
import io.spendwatch.streams.database.Database;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What analysis beside it costs ingestion: a node of its own process on real servers, in turns with
 * nothing beside it, with analytical queries over the analytical pool, and with the same queries
 * over connections that nothing bounds. Medians over the rounds.
 */
public final class MixedBenchmark {
  private static final String NAME = Benchmark.MIXED.label();

  /** One record in a hundred leads to an alert, at 5,000 a second. */
  private static final double SCENARIOS_PER_SECOND = 50;

  private static final String RUN = "mixed";

  /** How the ids of background users begin. */
  private static final String USER = RUN + "-u";

  private static final int PAST_ENTRIES = 50;

  /**
   * How much.
   *
   * @param perSecond transactions while latency is measured
   * @param phase how long each turn takes
   * @param backlog transactions that are produced at once, to see how fast they are taken
   * @param queriesPerSecond beside it
   * @param users who take part, each with a past of {@value #PAST_ENTRIES} transactions
   * @param rounds of turns
   * @param seed of the records
   */
  public record Load(
      int perSecond,
      Duration phase,
      int backlog,
      double queriesPerSecond,
      int users,
      int rounds,
      long seed) {}

  /** What goes on beside ingestion. */
  private enum Beside {
    NOTHING("alone"),
    ISOLATED("beside analysis"),
    UNBOUNDED("beside analysis without isolation");

    private final String label;

    Beside(String label) {
      this.label = label;
    }
  }

  /** Of one way, turn by turn. */
  private static final class Seen {
    private final List<Double> perSecond = new ArrayList<>();
    private final List<Double> p50Millis = new ArrayList<>();
    private final List<Double> p99Millis = new ArrayList<>();
    private final List<Double> drainedPerSecond = new ArrayList<>();
    private final List<Double> answeredPerSecond = new ArrayList<>();
    private final List<Double> refusedPerSecond = new ArrayList<>();
    private final List<Double> queryP50Millis = new ArrayList<>();
    private final List<Double> queryP99Millis = new ArrayList<>();
  }

  private final Bench bench;
  private final Load load;
  private long alerts;
  private final Map<Beside, Seen> seen = new EnumMap<>(Beside.class);

  public MixedBenchmark(Bench bench, Load load) {
    this.bench = bench;
    this.load = load;
    for (Beside beside : Beside.values()) {
      seen.put(beside, new Seen());
    }
  }

  public List<Figure> run() {
    WorkloadSettings settings =
        Traffic.settings(RUN, load.seed(), load.users(), SCENARIOS_PER_SECOND);
    var check = new AlertCheck(RUN);
    try (Site site = bench.site()) {
      Namespace namespace = site.create(NAME, bench.now());
      prepare(namespace, settings);
      try (Turn node = Turn.start(bench, site, Contender.NODE, namespace, "");
          Subscriber subscriber =
              Subscriber.start(site.client(), namespace.topics().alerts(), check, true);
          var traffic =
              new Traffic(
                  site.producer(), namespace.topics().transactions(), settings, check::expect)) {
        var underLoad = new UnderLoad(namespace, traffic, new Ingestion(node, traffic), subscriber);
        bench.say("warming up");
        Ingestion.Steady _ = underLoad.ingestion().steady(load.perSecond(), load.phase());
        double _ = underLoad.ingestion().burst(load.backlog());
        for (int round = 0; round < load.rounds(); round++) {
          List<Beside> turns = new ArrayList<>(List.of(Beside.values()));
          if (round % 2 == 1) {
            turns = turns.reversed();
          }
          for (Beside beside : turns) {
            turn(underLoad, beside);
          }
        }
      }
    }
    return figures();
  }

  private void prepare(Namespace namespace, WorkloadSettings settings) {
    bench.say(String.format(Locale.ROOT, "writing a past of %,d transactions", past()));
    Site.insertAccounts(
        namespace.address(), new Workload(settings).accounts(bench.now().toEpochMilli()));
    Site.execute(
        namespace.address(),
        "SELECT spendwatch.ensure_partitions(ARRAY[now() - interval '1 day', now(), now() + interval '1 day'])",
        writePast(),
        "VACUUM (ANALYZE) spendwatch.transactions");
  }

  private long past() {
    return (long) load.users() * PAST_ENTRIES;
  }

  /** By time, as it would have come. */
  private String writePast() {
    return String.format(
        Locale.ROOT,
        """
        INSERT INTO spendwatch.transactions
               (user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, exposure_minor,
                balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at)
        SELECT '%s' || u, at, 'past-' || u || '-' || k, 'PURCHASE', 100, 'USD', 'm-' || (u * k) %% 1000, 100 * k,
               1000000000000000, 1, 'CLEAR', 0, -1, at
          FROM generate_series(1, %d) AS k, LATERAL (SELECT now() - interval '1 day' * (1 - k / %d.0) AS at) AS moment,
               generate_series(0, %d) AS u
        """,
        USER,
        PAST_ENTRIES,
        PAST_ENTRIES + 1,
        load.users() - 1);
  }

  private List<Figure> figures() {
    List<Figure> figures = new ArrayList<>();
    seen.forEach(
        (beside, turns) -> {
          add(
              figures,
              String.format(Locale.ROOT, "ingested at %,d/s, ", load.perSecond()) + beside.label,
              turns.perSecond,
              "tx/s");
          add(figures, "alert p50, " + beside.label, turns.p50Millis, "ms");
          add(figures, "alert p99, " + beside.label, turns.p99Millis, "ms");
          add(figures, "backlog taken, " + beside.label, turns.drainedPerSecond, "tx/s");
          if (beside != Beside.NOTHING) {
            add(figures, "queries answered, " + beside.label, turns.answeredPerSecond, "1/s");
            add(figures, "queries refused, " + beside.label, turns.refusedPerSecond, "1/s");
            add(figures, "query p50, " + beside.label, turns.queryP50Millis, "ms");
            add(figures, "query p99, " + beside.label, turns.queryP99Millis, "ms");
          }
        });
    return figures;
  }

  private void add(List<Figure> figures, String name, List<Double> values, String unit) {
    figures.add(
        Figure.of(
            NAME,
            name,
            Figure.median(values),
            unit,
            String.format(
                Locale.ROOT,
                "%,d alerts, none missed, extra or doubled; rows as records",
                alerts)));
  }

  private void turn(UnderLoad node, Beside beside) {
    Seen turns = seen.get(beside);
    long startNanos = System.nanoTime();
    try (Analysis analysis = Analysis.beside(beside, bench.settings(), node.namespace(), load)) {
      UnderLoad.Seen<Analysis> steady =
          node.steady(beside.label, load.perSecond(), load.phase(), () -> analysis);
      Histogram latencyMicros = steady.latencyMicros();
      turns.perSecond.add(steady.ingested().perSecond());
      turns.p50Millis.add(Figure.millis(latencyMicros, 50));
      turns.p99Millis.add(Figure.millis(latencyMicros, 99));
      turns.drainedPerSecond.add(node.ingestion().burst(load.backlog()));
      analysis.stop(turns, (System.nanoTime() - startNanos) / 1e9);
      bench.say(
          String.format(
              Locale.ROOT,
              "%-36s %,9.0f tx/s  p50 %,7.1f ms  p99 %,7.1f ms  max %,7.1f ms of %,d alerts;  backlog %,8.0f tx/s%s",
              beside.label,
              turns.perSecond.getLast(),
              turns.p50Millis.getLast(),
              turns.p99Millis.getLast(),
              Figure.millis(latencyMicros, 100),
              latencyMicros.getTotalCount(),
              turns.drainedPerSecond.getLast(),
              beside == Beside.NOTHING
                  ? ""
                  : String.format(
                      Locale.ROOT,
                      "  queries %.1f/s, %.1f/s refused, p50 %.1f ms, p99 %.1f ms",
                      turns.answeredPerSecond.getLast(),
                      turns.refusedPerSecond.getLast(),
                      turns.queryP50Millis.getLast(),
                      turns.queryP99Millis.getLast())));
    }
    alerts = node.subscriber().awaitExact(beside.label).seen();
    node.namespace().checkRows(beside.label, past() + node.traffic().sent());
  }

  /** The queries beside a turn, if there are any. */
  private record Analysis(Database database, AnalyticalLoad queries) implements AutoCloseable {

    static Analysis beside(Beside beside, Config settings, Namespace namespace, Load load) {
      if (beside == Beside.NOTHING) {
        return new Analysis(null, null);
      }
      String bounds =
          switch (beside) {
            case NOTHING, ISOLATED -> "";
            case UNBOUNDED ->
                """
                role = "", pool-size = 50, wait-queue-max = 100000
                session { work_mem = 4MB, max_parallel_workers_per_gather = 2 }
                """;
          };
      Database database =
          Database.open(
              Configuration.analytics(
                  ConfigFactory.parseString(
                          String.format(
                              Locale.ROOT,
                              "spendwatch.postgres-analytics { uri = \"%s\"\n%s }",
                              namespace.uri(),
                              bounds))
                      .withFallback(settings)));
      return new Analysis(
          database, AnalyticalLoad.start(database, load.queriesPerSecond(), USER, load.users()));
    }

    void stop(Seen turns, double seconds) {
      if (queries == null) {
        return;
      }
      AnalyticalLoad.Outcome outcome = queries.stop();
      turns.answeredPerSecond.add(outcome.answered() / seconds);
      turns.refusedPerSecond.add(outcome.refused() / seconds);
      turns.queryP50Millis.add(Figure.millis(outcome.tookMicros(), 50));
      turns.queryP99Millis.add(Figure.millis(outcome.tookMicros(), 99));
    }

    @Override
    public void close() {
      if (database != null) {
        var _ = database.close();
      }
    }
  }
}
