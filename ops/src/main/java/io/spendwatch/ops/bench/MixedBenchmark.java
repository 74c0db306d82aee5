package io.spendwatch.ops.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.process.Children;
import io.spendwatch.ops.process.GuardedProcess;
import io.spendwatch.ops.schema.PostgresAddress;
import io.spendwatch.ops.servers.EmbeddedServers;
import io.spendwatch.ops.setup.Preparation;
import io.spendwatch.ops.setup.Waiting;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.postgres.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.admin.Admin;

/**
 * What analysis beside it costs ingestion: a node of its own process on real servers, in turns with
 * nothing beside it, with analytical queries over the analytical pool, and with the same queries
 * over connections that nothing bounds. Medians over the rounds.
 */
public final class MixedBenchmark {
  private static final String NAME = Benchmark.MIXED.label();
  private static final Duration ANSWER = Duration.ofSeconds(30);

  /** More than anybody spends. */
  static final long BALANCE_MINOR = 1_000_000_000_000_000L;

  private static final Duration CATCH_UP = Duration.ofMinutes(3);

  /** Fifty probes a second at 5,000 transactions. */
  private static final int PROBE_EVERY = 100;

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
   */
  public record Load(
      int perSecond, Duration phase, int backlog, double queriesPerSecond, int users, int rounds) {}

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
  private final Map<Beside, Seen> seen = new EnumMap<>(Beside.class);

  MixedBenchmark(Bench bench, Load load) {
    this.bench = bench;
    this.load = load;
    for (Beside beside : Beside.values()) {
      seen.put(beside, new Seen());
    }
  }

  List<Figure> run() {
    EmbeddedServers servers = bench.servers();
    Map<String, Object> client = Map.of("bootstrap.servers", servers.bootstrapServers());
    prepare(servers, client);
    Map<String, String> environment = new HashMap<>(servers.environment());
    environment.put("SPENDWATCH_NODE_ID", "bench");
    environment.put("SPENDWATCH_HTTP_PORT", "0");
    String topic = Topics.DEFAULT.transactions();
    try (GuardedProcess node =
            new Children(bench.home(), bench.root()).start(environment, List.of("node"));
        Admin admin = Admin.create(client);
        AlertLatency latency = AlertLatency.start(client, Topics.DEFAULT.alerts());
        var injector = new Injector(client, topic, load.users(), PROBE_EVERY)) {
      var ingestion =
          new Ingestion(
              new CommittedOffsets(admin, Topics.DEFAULT.transactions(), "spendwatch"),
              node,
              injector,
              CATCH_UP);
      var run = new Run(servers.postgres().uri(), ingestion, latency);
      bench.say("warming up");
      ingestion.steady(load.perSecond(), load.phase());
      ingestion.burst(load.backlog());
      for (int round = 0; round < load.rounds(); round++) {
        List<Beside> turns = new ArrayList<>(List.of(Beside.values()));
        if (round % 2 == 1) {
          turns = turns.reversed();
        }
        for (Beside beside : turns) {
          run.turn(beside);
        }
      }
    }
    return figures();
  }

  private void prepare(EmbeddedServers servers, Map<String, Object> client) {
    PostgresAddress database = PostgresAddress.parse(servers.postgres().uri(), "", "");
    var preparation = new Preparation(new Waiting(bench.progress(), ANSWER));
    int _ = preparation.schema(database, java.time.Instant.now());
    var _ = preparation.topics(client, Topics.DEFAULT, OptionalInt.empty(), OptionalInt.of(1));
    bench.say("writing a past of %,d transactions".formatted(load.users() * PAST_ENTRIES));
    try (Connection connection = database.connect("spendwatch-bench");
        Statement statement = connection.createStatement()) {
      for (String sql :
          List.of(
              "SELECT spendwatch.ensure_partitions(ARRAY[now() - interval '1 day', now()])",
              accounts(Injector.USER, load.users(), BALANCE_MINOR),
              accounts(Injector.PROBE, probesMax(), 0),
              past(),
              "VACUUM (ANALYZE) spendwatch.transactions",
              "ANALYZE spendwatch.accounts",
              "CHECKPOINT")) {
        boolean _ = statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new OperatorException("the data cannot be made: " + e.getMessage(), e);
    }
  }

  private long probesMax() {
    long turns = 1 + (long) load.rounds() * Beside.values().length;
    long seconds = turns * load.phase().toSeconds();
    return 1 + (seconds * load.perSecond() + turns * load.backlog()) / PROBE_EVERY;
  }

  static String accounts(String prefix, long count, long balanceMinor) {
    return """
        INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of)
        SELECT '%s' || u, 'USD', %d, now() - interval '30 days' FROM generate_series(1, %d) AS u
        """
        .formatted(prefix, balanceMinor, count);
  }

  /** By time, as it would have come. */
  private String past() {
    return """
        INSERT INTO spendwatch.transactions
               (user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, exposure_minor,
                balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at)
        SELECT '%s' || u, at, 'past-' || u || '-' || k, 'PURCHASE', 100, 'USD', 'm-' || (u * k) %% 1000, 100 * k,
               1000000000000000, 1, 'CLEAR', 0, -1, at
          FROM generate_series(1, %d) AS k, LATERAL (SELECT now() - interval '1 day' * (1 - k / %d.0) AS at) AS moment,
               generate_series(1, %d) AS u
        """
        .formatted(Injector.USER, PAST_ENTRIES, PAST_ENTRIES + 1, load.users());
  }

  private List<Figure> figures() {
    List<Figure> figures = new ArrayList<>();
    seen.forEach(
        (beside, turns) -> {
          add(
              figures,
              "ingested at %,d/s, ".formatted(load.perSecond()) + beside.label,
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

  private static void add(List<Figure> figures, String name, List<Double> values, String unit) {
    figures.add(new Figure(NAME, name, Figure.median(values), unit));
  }

  private static double millis(Histogram micros, double percentile) {
    return micros.getValueAtPercentile(percentile) / 1e3;
  }

  /** What takes part in all turns. */
  private final class Run {
    private final String uri;
    private final Ingestion ingestion;
    private final AlertLatency latency;

    Run(String uri, Ingestion ingestion, AlertLatency latency) {
      this.uri = uri;
      this.ingestion = ingestion;
      this.latency = latency;
    }

    void turn(Beside beside) {
      Seen turns = seen.get(beside);
      long startNanos = System.nanoTime();
      try (Analysis analysis = Analysis.beside(beside, bench.settings(), uri, load)) {
        latency.begin();
        turns.perSecond.add(ingestion.steady(load.perSecond(), load.phase()));
        Histogram alerts = latency.micros().copy();
        turns.p50Millis.add(millis(alerts, 50));
        turns.p99Millis.add(millis(alerts, 99));
        turns.drainedPerSecond.add(ingestion.burst(load.backlog()));
        analysis.stop(turns, (System.nanoTime() - startNanos) / 1e9);
        bench.say(
            String.format(
                Locale.ROOT,
                "%-36s %,9.0f tx/s  p50 %,7.1f ms  p99 %,7.1f ms  max %,7.1f ms of %,d alerts;  backlog %,8.0f tx/s%s",
                beside.label,
                turns.perSecond.getLast(),
                turns.p50Millis.getLast(),
                turns.p99Millis.getLast(),
                millis(alerts, 100),
                alerts.getTotalCount(),
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
    }
  }

  /** The queries beside a turn, if there are any. */
  private record Analysis(Database database, AnalyticalLoad queries) implements AutoCloseable {

    static Analysis beside(Beside beside, Config settings, String uri, Load load) {
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
                          "spendwatch.postgres-analytics { uri = \"%s\"\n%s }"
                              .formatted(uri, bounds))
                      .withFallback(settings)));
      return new Analysis(
          database, AnalyticalLoad.start(database, load.queriesPerSecond(), load.users()));
    }

    void stop(Seen turns, double seconds) {
      if (queries == null) {
        return;
      }
      AnalyticalLoad.Outcome outcome = queries.stop();
      turns.answeredPerSecond.add(outcome.answered() / seconds);
      turns.refusedPerSecond.add(outcome.refused() / seconds);
      turns.queryP50Millis.add(millis(outcome.tookMicros(), 50));
      turns.queryP99Millis.add(millis(outcome.tookMicros(), 99));
    }

    @Override
    public void close() {
      if (database != null) {
        var _ = database.close();
      }
    }
  }
}
