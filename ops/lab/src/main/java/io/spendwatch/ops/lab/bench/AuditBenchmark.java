package io.spendwatch.ops.lab.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.loadgen.workload.Workload;
import io.spendwatch.loadgen.workload.WorkloadSettings;
import io.spendwatch.ops.api.HttpWindows;
import io.spendwatch.ops.audit.AuditConfig;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.Reconciliation;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.bench.load.Traffic;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.site.Subscriber;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import io.spendwatch.ops.lab.bench.turns.Ingestion;
import io.spendwatch.ops.lab.bench.turns.Turn;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.pipeline.StreamsConfig;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;

/**
 * What an audit costs: of all that is stored, of what is new, and to ingestion beside it.
 * Everything was decided by a node, from Kafka; each audit must be clean.
 */
final class AuditBenchmark {
  private static final String NAME = "audit";

  /** Five in a thousand of what is stored, at a record a millisecond, and five a second. */
  private static final double SCENARIOS_PER_SECOND = 5;

  private static final int AT_ONCE = 1_000_000;
  private static final int MIB = 1 << 20;
  private static final String TEMPORARY =
      "SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()";

  private final Bench bench;
  private final long rows;
  private final int users;
  private final int perSecond;
  private final Duration phase;
  private final long seed;
  private final List<Figure> figures = new ArrayList<>();

  /**
   * @param rows that are stored when it begins
   * @param perSecond while ingestion is measured beside it
   * @param phase for how long that is measured alone
   * @param seed of the records
   */
  AuditBenchmark(Bench bench, long rows, int users, int perSecond, Duration phase, long seed) {
    this.bench = bench;
    this.rows = rows;
    this.users = users;
    this.perSecond = perSecond;
    this.phase = phase;
    this.seed = seed;
  }

  List<Figure> run() {
    WorkloadSettings workload = Traffic.settings(NAME, seed, users, SCENARIOS_PER_SECOND);
    var check = new AlertCheck(NAME);
    try (Site site = bench.site()) {
      Namespace namespace = site.create(NAME, bench.now());
      Site.insertAccounts(
          namespace.address(), new Workload(workload).accounts(bench.now().toEpochMilli()));
      int httpPort = Ports.free();
      Config settings =
          ConfigFactory.parseMap(
                  Map.of(
                      "spendwatch.postgres.uri",
                      namespace.uri(),
                      "spendwatch.kafka.bootstrap-servers",
                      site.client().get("bootstrap.servers"),
                      "spendwatch.kafka.group-id",
                      namespace.name(),
                      "spendwatch.kafka.topics.transactions",
                      namespace.topics().transactions(),
                      "spendwatch.kafka.topics.transactions-dead-letters",
                      namespace.topics().transactionsDeadLetters()))
              .withFallback(bench.settings());
      Database auditing = Database.open(Configuration.auditDatabase(settings));
      try (Turn node = Turn.start(bench, site, Contender.NODE, namespace, "", httpPort);
          Subscriber subscriber =
              Subscriber.start(site.client(), namespace.topics().alerts(), check, true);
          var traffic =
              new Traffic(
                  site.producer(), namespace.topics().transactions(), workload, check::expect);
          var windows =
              new HttpWindows(URI.create("http://127.0.0.1:" + httpPort), Duration.ofSeconds(30))) {
        var ingestion = new Ingestion(node, traffic);
        long startMs = System.currentTimeMillis() - rows;
        for (long done = 0; done < rows; done += AT_ONCE) {
          long some = Math.min(AT_ONCE, rows - done);
          bench.say(
              String.format(
                  Locale.ROOT,
                  "%,d stored, at %,.0f/s",
                  done + some,
                  ingestion.past(some, startMs + done)));
        }
        var audit =
            new Reconciliation(
                auditing,
                StreamsConfig.from(settings).kafka(),
                AuditConfig.from(ConfigSection.of(settings, "spendwatch.audit")),
                Optional.empty(),
                windows,
                InstantSource.system());
        measure(audit, Mode.FULL, "all, nothing beside it", namespace);
        Ingestion.Steady _ = ingestion.steady(perSecond, Duration.ofSeconds(6));
        measure(audit, Mode.INCREMENTAL, "what is new, nothing beside it", namespace);
        beside(ingestion, subscriber, audit, namespace);
        namespace.checkRows(Contender.NODE.label(), traffic.sent());
      } finally {
        var _ = auditing.close();
      }
    }
    return figures;
  }

  /** Alone, beside incremental runs, beside a full one, and alone again. */
  private void beside(
      Ingestion ingestion, Subscriber subscriber, Reconciliation audit, Namespace namespace) {
    ingest("alone", ingestion, subscriber);
    CompletableFuture<Void> incremental =
        CompletableFuture.runAsync(
            () -> measure(audit, Mode.INCREMENTAL, "what is new, beside ingestion", namespace));
    ingest("beside an incremental audit", ingestion, subscriber);
    incremental.join();
    CompletableFuture<Void> full =
        CompletableFuture.runAsync(
            () -> measure(audit, Mode.FULL, "all, beside ingestion", namespace));
    ingest("beside a full audit", ingestion, subscriber);
    full.join();
    ingest("alone again", ingestion, subscriber);
  }

  private void ingest(String beside, Ingestion ingestion, Subscriber subscriber) {
    Histogram before = subscriber.awaitExact(beside).latencyMicros();
    add(
        String.format(Locale.ROOT, "ingested at %,d/s, ", perSecond) + beside,
        ingestion.steady(perSecond, phase).perSecond(),
        "tx/s");
    Histogram micros = subscriber.awaitExact(beside).latencyMicros();
    micros.subtract(before);
    add("alert p50, " + beside, Figure.millis(micros, 50), "ms");
    add("alert p99, " + beside, Figure.millis(micros, 99), "ms");
  }

  private void measure(Reconciliation audit, Mode mode, String what, Namespace namespace) {
    long temporary = Site.number(namespace.address(), TEMPORARY);
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
    add(
        what + ": files of sorts",
        (Site.number(namespace.address(), TEMPORARY) - temporary) / (double) MIB,
        "MiB");
  }

  private synchronized void add(String name, double value, String unit) {
    figures.add(
        Figure.of(
            NAME,
            name,
            value,
            unit,
            "audits clean; no alert missed, extra or doubled; rows as records"));
    bench.say(String.format(Locale.ROOT, "%-60s %,14.1f %s", name, value, unit));
  }
}
