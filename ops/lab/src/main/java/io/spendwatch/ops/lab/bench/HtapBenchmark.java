package io.spendwatch.ops.lab.bench;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.loadgen.workload.Workload;
import io.spendwatch.loadgen.workload.WorkloadSettings;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.bench.load.HtapLoad;
import io.spendwatch.ops.lab.bench.load.NodeReports;
import io.spendwatch.ops.lab.bench.load.Traffic;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.site.Subscriber;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import io.spendwatch.ops.lab.bench.turns.Ingestion;
import io.spendwatch.ops.lab.bench.turns.Turn;
import io.spendwatch.ops.lab.bench.turns.UnderLoad;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.streams.database.Database;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;
import org.HdrHistogram.Histogram;

/**
 * A published case: complex questions beside ingestion, at several rates; with roll-ups, as reports
 * of the node, without roll-ups, and without them from a replica. Everything is on one machine, the
 * replica too. Where figures were published (at 5,000 a second, on 16 to 32 processors), ours stand
 * beside them.
 */
public final class HtapBenchmark {
  private static final String NAME = Benchmark.HTAP.label();
  private static final String RUN = "htap";

  /** How the ids of background users begin. */
  private static final String USER = RUN + "-u";

  /** One record in a hundred leads to an alert, at 5,000 a second. */
  private static final double SCENARIOS_PER_SECOND = 50;

  private static final int PAST_DAYS = 180;
  private static final int PUBLISHED_RATE = 5_000;

  /** Of data that a question of the published case may be answered with. */
  private static final double AGE_BOUND_MS = 5_000;

  private static final Duration BUILT_MAX = Duration.ofMinutes(30);
  private static final Duration CAUGHT_UP_MAX = Duration.ofMinutes(5);

  /**
   * How much.
   *
   * @param perSecond transactions, one rate after the other
   * @param phase how long each lasts in each way
   * @param rows of a past of {@value #PAST_DAYS} days
   * @param queriesPerSecond beside it, half of them complex
   * @param users who take part
   * @param soak how long it goes on in the end, with roll-ups; zero for not
   * @param seed of the records
   */
  public record Load(
      List<Integer> perSecond,
      Duration phase,
      long rows,
      double queriesPerSecond,
      int users,
      Duration soak,
      long seed) {}

  /** What goes on beside ingestion. */
  private enum Beside {
    NOTHING("alone"),
    ROLLUPS("with roll-ups"),
    REPORTS("reports of the node"),
    ROWS("without roll-ups"),
    REPLICA("without roll-ups, replica");

    private final String label;

    Beside(String label) {
      this.label = label;
    }
  }

  private final Bench bench;
  private final Load load;
  private final int httpPort = Ports.free();
  private final List<Figure> figures = new ArrayList<>();

  public HtapBenchmark(Bench bench, Load load) {
    this.bench = bench;
    this.load = load;
  }

  public List<Figure> run() {
    WorkloadSettings settings =
        Traffic.settings(RUN, load.seed(), load.users(), SCENARIOS_PER_SECOND);
    var check = new AlertCheck(RUN);
    try (Site site = bench.site()) {
      Namespace namespace = site.create(NAME, bench.now());
      prepare(namespace, settings);
      try (Turn node = Turn.start(bench, site, Contender.NODE, namespace, "", httpPort);
          Subscriber subscriber =
              Subscriber.start(site.client(), namespace.topics().alerts(), check, true);
          var traffic =
              new Traffic(
                  site.producer(), namespace.topics().transactions(), settings, check::expect)) {
        var underLoad = new UnderLoad(namespace, traffic, new Ingestion(node, traffic), subscriber);
        bench.say(
            "warming up, while the node counts the past into the roll-ups and users' features");
        Ingestion.Steady _ =
            underLoad.ingestion().steady(load.perSecond().getFirst(), load.phase());
        awaitBuilt(namespace);
        for (Beside beside : Beside.values()) {
          if (beside == Beside.REPLICA) {
            fromReplica(site, underLoad);
          } else {
            for (int perSecond : load.perSecond()) {
              turn(underLoad, beside, Optional.empty(), perSecond, load.phase());
            }
          }
        }
        if (load.soak().isPositive()) {
          soak(underLoad);
        }
      }
    }
    return figures;
  }

  private void fromReplica(Site site, UnderLoad underLoad) {
    Optional<PostgresServer> replica = site.startReplica();
    if (replica.isEmpty()) {
      bench.say("no replica: these servers are not ours");
      return;
    }
    try (PostgresServer server = replica.get()) {
      for (int perSecond : load.perSecond()) {
        turn(underLoad, Beside.REPLICA, Optional.of(server), perSecond, load.phase());
      }
    }
  }

  private void prepare(Namespace namespace, WorkloadSettings settings) {
    bench.say(String.format(Locale.ROOT, "writing a past of %,d transactions", past()));
    Site.insertAccounts(
        namespace.address(), new Workload(settings).accounts(bench.now().toEpochMilli()));
    Site.execute(
        namespace.address(),
        "UPDATE spendwatch.settings SET partitions_per_minute = 10000",
        String.format(
            Locale.ROOT,
            "SELECT spendwatch.ensure_partitions(array_agg(now() - k * interval '1 day')) FROM generate_series(-1, %d) AS k",
            PAST_DAYS + 1),
        """
        CREATE TABLE public.bench_categories AS
        SELECT 'category-' || c AS category, 'department-' || c % 5 AS department FROM generate_series(0, 29) AS c
        """,
        """
        CREATE TABLE public.bench_merchants AS
        SELECT 'm-' || m AS merchant, 'category-' || m % 30 AS category FROM generate_series(0, 999) AS m
        """,
        "GRANT SELECT ON public.bench_categories, public.bench_merchants TO PUBLIC",
        writePast(),
        "UPDATE spendwatch.rollups SET built = false",
        "VACUUM (ANALYZE)");
  }

  private long past() {
    return load.rows() / load.users() * load.users();
  }

  /** By time, as it would have come. */
  private String writePast() {
    long entries = load.rows() / load.users();
    return String.format(
        Locale.ROOT,
        """
        INSERT INTO spendwatch.transactions
               (user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, exposure_minor,
                balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at)
        SELECT '%s' || u, at, 'past-' || u || '-' || k, CASE WHEN (u + k) %% 20 = 0 THEN 'REFUND' ELSE 'PURCHASE' END, 100 + u %% 900,
               'USD', 'm-' || (u * k) %% 1000, 100, 1000000000000000, 1, 'CLEAR', 0, -1, at
          FROM generate_series(1, %d) AS k,
               LATERAL (SELECT now() - interval '%d days' * (1 - k / %d.0) AS moment) AS of_k,
               generate_series(0, %d) AS u,
               LATERAL (SELECT moment - u * interval '7 ms' AS at) AS of_u
        """,
        USER,
        entries,
        PAST_DAYS,
        entries + 1,
        load.users() - 1);
  }

  private static void awaitBuilt(Namespace namespace) {
    await(
        namespace,
        """
        SELECT (SELECT count(*) FROM spendwatch.rollups WHERE NOT built) + (SELECT count(*) FROM spendwatch.rollup_feed)
               + (SELECT 1 - count(*) FROM spendwatch.user_features_versions WHERE next_user IS NULL)
        """,
        BUILT_MAX,
        "built the roll-ups and users' features");
  }

  /** So that no turn begins with what the one before has left. */
  private static void awaitCaughtUp(Namespace namespace) {
    await(
        namespace,
        "SELECT count(*) FROM spendwatch.rollup_feed WHERE written_at < now() - interval '2 s'",
        CAUGHT_UP_MAX,
        "come after with the roll-ups");
  }

  /**
   * @param query 0 once it has
   */
  private static void await(Namespace namespace, String query, Duration max, String what) {
    long beginNanos = System.nanoTime();
    while (Site.number(namespace.address(), query) > 0) {
      if (System.nanoTime() - beginNanos > max.toNanos()) {
        throw new OperatorException("the node has not " + what + " after " + max);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(250));
    }
  }

  /**
   * Goes on at the published rate beside reports of the node: the second half is held against the
   * first.
   */
  private void soak(UnderLoad node) {
    Duration half = load.soak().dividedBy(2);
    Seen first = turn(node, Beside.REPORTS, Optional.empty(), PUBLISHED_RATE, half);
    long deadFirst = deadRows(node.namespace());
    long logFirst = logBytes(node.namespace());
    Seen second = turn(node, Beside.REPORTS, Optional.empty(), PUBLISHED_RATE, half);
    against(
        "soak: alert p99, 2nd half",
        Figure.millis(second.alerts(), 99),
        "ms",
        Figure.millis(first.alerts(), 99));
    against(
        "soak: complex query p99, 2nd half",
        Figure.millis(second.outcome().complexMicros(), 99),
        "ms",
        Figure.millis(first.outcome().complexMicros(), 99));
    against(
        "soak: dead rows, 2nd half",
        (double) deadRows(node.namespace()),
        "rows",
        (double) deadFirst);
    against(
        "soak: log on disk, 2nd half", (double) logBytes(node.namespace()), "B", (double) logFirst);
  }

  private static long deadRows(Namespace namespace) {
    return Site.number(
        namespace.address(),
        "SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables");
  }

  private static long logBytes(Namespace namespace) {
    return Site.number(
        namespace.address(), "SELECT coalesce(sum(size), 0)::bigint FROM pg_ls_waldir()");
  }

  private record Seen(Histogram alerts, HtapLoad.Outcome outcome) {}

  private Seen turn(
      UnderLoad node,
      Beside beside,
      Optional<PostgresServer> replica,
      int perSecond,
      Duration phase) {
    String label = String.format(Locale.ROOT, "%,d/s %s", perSecond, beside.label);
    awaitCaughtUp(node.namespace());
    Database primary = open(node.namespace().uri());
    Optional<Database> replicas = replica.map(server -> open(server.uri(node.namespace().name())));
    try (var reports = new NodeReports(URI.create("http://127.0.0.1:" + httpPort))) {
      LongFunction<CompletionStage<?>> complex =
          beside == Beside.REPORTS
              ? reports
              : HtapLoad.queries(replicas.orElse(primary), beside == Beside.ROLLUPS);
      var queries = new HtapLoad(primary, complex, USER, load.users());
      queries.startLooking();
      if (beside != Beside.NOTHING) {
        queries.startAsking(load.queriesPerSecond());
      }
      UnderLoad.Seen<HtapLoad.Outcome> steady = node.steady(label, perSecond, phase, queries::stop);
      HtapLoad.Outcome outcome = steady.beside();
      Histogram alerts = steady.latencyMicros();
      node.namespace().checkRows(label, past() + node.traffic().sent());
      String checked =
          String.format(
              Locale.ROOT,
              "%,d alerts, none missed, extra or doubled; rows as records",
              node.subscriber().awaitExact(label).seen());
      add(label, beside, perSecond, steady.ingested().perSecond(), alerts, outcome, phase, checked);
      if (beside == Beside.REPORTS) {
        double ageMs = (double) reports.ageMillis().getValueAtPercentile(99);
        figure(label + ": age of answers p99", ageMs, "ms", AGE_BOUND_MS, checked);
        bench.say(String.format(Locale.ROOT, "%-38s age of answers p99 %,.0f ms", label, ageMs));
      }
      return new Seen(alerts, outcome);
    } finally {
      replicas.ifPresent(Database::close);
      var _ = primary.close();
    }
  }

  /** As a node's analytical connections are. */
  private Database open(String uri) {
    return Database.open(
        Configuration.analytics(
            ConfigFactory.parseString(
                    String.format(Locale.ROOT, "spendwatch.postgres-analytics.uri = \"%s\"", uri))
                .withFallback(bench.settings())));
  }

  private void add(
      String label,
      Beside beside,
      int perSecond,
      double ingested,
      Histogram alerts,
      HtapLoad.Outcome outcome,
      Duration phase,
      String checked) {
    boolean isPublished = perSecond == PUBLISHED_RATE && beside == Beside.ROLLUPS;
    figure(label + ": ingested", ingested, "tx/s", (double) perSecond, checked);
    figure(
        label + ": alert p50", Figure.millis(alerts, 50), "ms", isPublished ? 18.0 : null, checked);
    figure(
        label + ": alert p99", Figure.millis(alerts, 99), "ms", isPublished ? 55.0 : null, checked);
    long behindMs = outcome.behindMillis().getValueAtPercentile(99);
    figure(label + ": roll-ups behind p99", (double) behindMs, "ms", null, checked);
    String ingestion =
        String.format(
            Locale.ROOT,
            "%-38s %,8.0f tx/s  alert p50 %,.1f p99 %,.1f ms  roll-ups behind p99 %,d ms",
            label,
            ingested,
            Figure.millis(alerts, 50),
            Figure.millis(alerts, 99),
            behindMs);
    if (beside == Beside.NOTHING) {
      bench.say(ingestion);
      return;
    }
    double seconds = phase.toMillis() / 1e3;
    Histogram complex = outcome.complexMicros();
    figure(
        label + ": complex queries",
        complex.getTotalCount() / seconds,
        "1/s",
        load.queriesPerSecond() / 2,
        checked);
    figure(label + ": refused", outcome.refused() / seconds, "1/s", null, checked);
    figure(
        label + ": complex mean",
        complex.getMean() / 1e3,
        "ms",
        isPublished ? 280.0 : null,
        checked);
    figure(
        label + ": complex p99",
        Figure.millis(complex, 99),
        "ms",
        isPublished ? 850.0 : null,
        checked);
    figure(label + ": user p99", Figure.millis(outcome.simpleMicros(), 99), "ms", null, checked);
    bench.say(
        String.format(
            Locale.ROOT,
            "%s  complex %.1f/s mean %,.1f p99 %,.1f ms  user p99 %,.1f ms  refused %.1f/s",
            ingestion,
            complex.getTotalCount() / seconds,
            complex.getMean() / 1e3,
            Figure.millis(complex, 99),
            Figure.millis(outcome.simpleMicros(), 99),
            outcome.refused() / seconds));
  }

  private void against(String name, double value, String unit, double reference) {
    figure(name, value, unit, reference, "the second half against the first");
  }

  private void figure(String name, double value, String unit, Double reference, String checked) {
    figures.add(new Figure(NAME, name, value, unit, reference, checked));
  }
}
