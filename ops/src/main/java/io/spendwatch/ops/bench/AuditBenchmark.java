package io.spendwatch.ops.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.audit.AuditConfig;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.HttpWindows;
import io.spendwatch.ops.audit.Reconciliation;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.process.Children;
import io.spendwatch.ops.process.GuardedProcess;
import io.spendwatch.ops.schema.PostgresAddress;
import io.spendwatch.ops.servers.EmbeddedServers;
import io.spendwatch.ops.servers.Ports;
import io.spendwatch.ops.setup.Preparation;
import io.spendwatch.ops.setup.Waiting;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.StreamsConfig;
import io.spendwatch.streams.config.ConfigSection;
import io.spendwatch.streams.postgres.Database;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.admin.Admin;

/**
 * What an audit costs: of all that is stored, of what is new, and to ingestion beside it.
 * Everything was decided by a node, from Kafka; each audit must be clean.
 */
final class AuditBenchmark {
  private static final String NAME = "audit";
  private static final int PROBE_EVERY = 1000;
  private static final int AT_ONCE = 1_000_000;
  private static final int MIB = 1 << 20;
  private static final String TEMPORARY =
      "SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()";
  private static final Duration CATCH_UP = Duration.ofMinutes(20);
  private static final Duration ANSWER = Duration.ofSeconds(60);

  private final Bench bench;
  private final long rows;
  private final int users;
  private final int perSecond;
  private final Duration phase;
  private final List<Figure> figures = new ArrayList<>();

  /**
   * @param rows that are stored when it begins
   * @param perSecond while ingestion is measured beside it
   * @param phase for how long that is measured alone
   */
  AuditBenchmark(Bench bench, long rows, int users, int perSecond, Duration phase) {
    this.bench = bench;
    this.rows = rows;
    this.users = users;
    this.perSecond = perSecond;
    this.phase = phase;
  }

  List<Figure> run() {
    EmbeddedServers servers = bench.servers();
    Map<String, Object> client = Map.of("bootstrap.servers", servers.bootstrapServers());
    PostgresAddress database = PostgresAddress.parse(servers.postgres().uri(), "", "");
    prepare(database, client);
    int httpPort = Ports.free();
    Map<String, String> environment = new HashMap<>(servers.environment());
    environment.put("SPENDWATCH_NODE_ID", "bench");
    environment.put("SPENDWATCH_HTTP_PORT", Integer.toString(httpPort));
    // All users in memory: reading them again and again is not what is measured.
    environment.put("SPENDWATCH_JAVA_OPTS", "-Xmx1500m");
    // Audits are run from here.
    environment.put("SPENDWATCH_AUDIT_INTERVAL", "10h");
    Config settings =
        ConfigFactory.parseMap(
                Map.of(
                    "spendwatch.postgres.uri",
                    servers.postgres().uri(),
                    "spendwatch.kafka.bootstrap-servers",
                    servers.bootstrapServers()))
            .withFallback(bench.settings());
    Database analytics = Database.open(Configuration.analytics(settings));
    try (GuardedProcess node =
            new Children(bench.home(), bench.root()).start(environment, List.of("node"));
        Admin admin = Admin.create(client);
        AlertLatency latency = AlertLatency.start(client, Topics.DEFAULT.alerts());
        var injector = new Injector(client, Topics.DEFAULT.transactions(), users, PROBE_EVERY);
        var windows =
            new HttpWindows(URI.create("http://127.0.0.1:" + httpPort), Duration.ofSeconds(30))) {
      var ingestion =
          new Ingestion(
              new CommittedOffsets(admin, Topics.DEFAULT.transactions(), "spendwatch"),
              node,
              injector,
              CATCH_UP);
      for (long done = 0; done < rows; done += AT_ONCE) {
        long some = Math.min(AT_ONCE, rows - done);
        bench.say("%,d stored, at %,.0f/s".formatted(done + some, ingestion.burst(some)));
      }
      var audit =
          new Reconciliation(
              analytics,
              StreamsConfig.from(settings).kafka(),
              AuditConfig.from(ConfigSection.of(settings, "spendwatch.audit")),
              Optional.empty(),
              windows,
              InstantSource.system());
      measure(audit, Mode.FULL, "all, nothing beside it", database);
      ingestion.steady(perSecond, Duration.ofSeconds(6));
      measure(audit, Mode.INCREMENTAL, "what is new, nothing beside it", database);
      beside(ingestion, latency, audit, database);
    } finally {
      var _ = analytics.close();
    }
    return figures;
  }

  /** Alone, beside incremental runs, beside a full one, and alone again. */
  private void beside(
      Ingestion ingestion, AlertLatency latency, Reconciliation audit, PostgresAddress database) {
    ingest("alone", ingestion, latency);
    CompletableFuture<Void> incremental =
        CompletableFuture.runAsync(
            () -> measure(audit, Mode.INCREMENTAL, "what is new, beside ingestion", database));
    ingest("beside an incremental audit", ingestion, latency);
    incremental.join();
    CompletableFuture<Void> full =
        CompletableFuture.runAsync(
            () -> measure(audit, Mode.FULL, "all, beside ingestion", database));
    ingest("beside a full audit", ingestion, latency);
    full.join();
    ingest("alone again", ingestion, latency);
  }

  private void ingest(String beside, Ingestion ingestion, AlertLatency latency) {
    latency.begin();
    add(
        "ingested at %,d/s, ".formatted(perSecond) + beside,
        ingestion.steady(perSecond, phase),
        "tx/s");
    Histogram micros = latency.micros().copy();
    add("alert p50, " + beside, micros.getValueAtPercentile(50) / 1e3, "ms");
    add("alert p99, " + beside, micros.getValueAtPercentile(99) / 1e3, "ms");
  }

  private void measure(Reconciliation audit, Mode mode, String what, PostgresAddress database) {
    long temporary = number(database, TEMPORARY);
    long startNanos = System.nanoTime();
    AuditReport report =
        audit
            .run(mode, Duration.ZERO)
            .orElseThrow(() -> new OperatorException("another audit is at work"));
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    if (!report.isClean()) {
      throw new OperatorException("the audit is not clean: " + report.text());
    }
    add(what, seconds, "s");
    add(
        what + ": without windows in memory",
        Duration.between(report.startedAt(), report.tablesJudgedAt()).toMillis() / 1000.0,
        "s");
    if (report.usersAwake() != null) {
      add(what + ": windows in memory", (double) report.usersAwake(), "");
    }
    add(what + ": transactions", (double) report.transactions(), "");
    add(what + ": files of sorts", (number(database, TEMPORARY) - temporary) / (double) MIB, "MiB");
  }

  private synchronized void add(String name, double value, String unit) {
    figures.add(new Figure(NAME, name, value, unit));
    bench.say(String.format(Locale.ROOT, "%-60s %,14.1f %s", name, value, unit));
  }

  private void prepare(PostgresAddress database, Map<String, Object> client) {
    var preparation = new Preparation(new Waiting(bench.progress(), ANSWER));
    int _ = preparation.schema(database, Instant.now());
    var _ = preparation.topics(client, Topics.DEFAULT, OptionalInt.empty(), OptionalInt.of(1));
    long probes = 1 + (rows + (6 + 4 * phase.toSeconds()) * perSecond) / PROBE_EVERY;
    try (Connection connection = database.connect("spendwatch-bench");
        Statement statement = connection.createStatement()) {
      boolean _ =
          statement.execute(
              MixedBenchmark.accounts(Injector.USER, users, MixedBenchmark.BALANCE_MINOR));
      boolean _ = statement.execute(MixedBenchmark.accounts(Injector.PROBE, probes, 0));
    } catch (SQLException e) {
      throw new OperatorException("the data cannot be made: " + e.getMessage(), e);
    }
  }

  private static long number(PostgresAddress database, String sql) {
    try (Connection connection = database.connect("spendwatch-bench");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    } catch (SQLException e) {
      throw new OperatorException("PostgreSQL does not answer: " + e.getMessage(), e);
    }
  }
}
