package io.spendwatch.loadgen.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.OperatingSystemMXBean;
import io.spendwatch.loadgen.dataset.CsvWriter;
import io.spendwatch.loadgen.kafka.AlertSubscriber;
import io.spendwatch.loadgen.kafka.KafkaCluster;
import io.spendwatch.loadgen.kafka.KafkaOptions;
import io.spendwatch.loadgen.kafka.KafkaSink;
import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.loadgen.oracle.KnownAlert;
import io.spendwatch.loadgen.pace.Progress;
import io.spendwatch.loadgen.pace.Schedule;
import io.spendwatch.loadgen.pace.Ticker;
import io.spendwatch.loadgen.pace.Waiting;
import io.spendwatch.loadgen.workload.Workload;
import io.spendwatch.loadgen.workload.Workload.Outgoing;
import io.spendwatch.loadgen.workload.WorkloadSettings;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.EventTime;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Produces invented traffic in an open loop, and checks the alerts that come of it. */
@Command(
    name = "load",
    exitCodeOnExecutionException = 2,
    description = {
      "Produces invented spend that happens now, on a schedule of its own whatever the receiver does"
          + " (open loop). The users are new with each run; first come their accounts.",
      "Its first line is the seed and the options, with which it can be repeated. In the end it says,"
          + " for each scenario, which of the alerts that must come are missing, which came that must"
          + " not, and how long they took from when their record was to be sent. What the nodes have"
          + " not decided after --wait is not missed: it is counted by itself."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:each alert was there once and no other",
      "1:otherwise, and where not all was decided in time",
      "2:wrong usage, or it could not run"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch load --rate 500/s --duration 30s")
final class LoadCommand implements Callable<Integer> {

  private static final int WRONG = 1;

  /**
   * Whoever is awake sends all that is due, and then rests for so long at least: waking up costs
   * more than a record. What is late by it counts as late.
   */
  private static final long REST_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

  /** More than that is not an open loop any more. */
  private static final long BEHIND_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);

  @Spec private CommandSpec spec;

  @Mixin HelpOption help;

  @Mixin private KafkaOptions kafka;

  @Mixin private LoadOptions options;

  @Option(
      names = "--alerts-topic",
      paramLabel = "TOPIC",
      defaultValue = "${env:SPENDWATCH_TOPIC_ALERTS:-alerts}",
      description = "SPENDWATCH_TOPIC_ALERTS; now ${DEFAULT-VALUE}.")
  private String alertsTopic;

  @Option(
      names = "--expected",
      paramLabel = "FILE",
      description = "Write the alerts that must come: CSV, gzipped where the name ends in .gz.")
  private Path expected;

  @Option(
      names = "--wait",
      paramLabel = "DURATION",
      defaultValue = "1m",
      description =
          "How long to wait, after the last record, for the nodes to process them"
              + " (default ${DEFAULT-VALUE}).")
  private Duration wait;

  @Option(names = "--no-check", description = "Produce only: look at no alerts.")
  private boolean noCheck;

  /**
   * What was sent.
   *
   * @param behindNanos how far it was behind its schedule at most
   * @param cpuNanos of this whole process meanwhile
   */
  private record Sent(long records, long nanos, long behindNanos, long cpuNanos, long alerts) {}

  @Override
  public Integer call() {
    InstantSource clock = InstantSource.system();
    long seed =
        options.seed == null ? ThreadLocalRandom.current().nextInt(1_000_000) : options.seed;
    String run = "live-" + Long.toString(clock.millis(), Character.MAX_RADIX);
    Schedule schedule = options.schedule();
    WorkloadSettings settings = options.settings(spec, run, seed);
    var workload = new Workload(settings);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        Locale.ROOT, "seed %d: %s (%,d records, run %s)%n", seed, options, schedule.records(), run);
    out.flush();

    PrintStream err = System.err;
    try (KafkaCluster cluster = connect(err);
        KafkaSink sink = cluster.newSink()) {
      sendAccounts(workload, cluster, sink, clock.millis());
      if (noCheck) {
        Sent sent = send(workload, schedule, sink, null, clock.millis(), err);
        out.println(line(workload, schedule, sent));
        return 0;
      }
      var check = new AlertCheck(run);
      try (AlertSubscriber subscriber = cluster.subscribe(alertsTopic, check)) {
        Sent sent = send(workload, schedule, sink, check, clock.millis(), err);
        String outstanding = cluster.awaitAlerts(sink.ends(), subscriber, wait);
        AlertCheck.Report report =
            outstanding == null
                ? check.report()
                : check.report(cluster.undecided(kafka.transactionsTopic, sink.ends()));
        out.println(AlertCheckText.of(report, settings.scenarios().kinds()));
        if (outstanding != null) {
          out.println("Not all is processed after " + wait.toSeconds() + " s: " + outstanding);
        }
        out.println(line(workload, schedule, sent) + AlertCheckText.summary(report));
        return outstanding == null && report.total().isExact() ? 0 : WRONG;
      }
    }
  }

  private KafkaCluster connect(PrintStream err) {
    var waiting = new Waiting(err, Ticker.SYSTEM);
    return noCheck
        ? KafkaCluster.connect(kafka, waiting)
        : KafkaCluster.connect(kafka, waiting, alertsTopic);
  }

  private void sendAccounts(Workload workload, KafkaCluster cluster, KafkaSink sink, long asOfMs) {
    try (Stream<Balance> accounts = workload.accounts(asOfMs)) {
      accounts.forEach(
          account ->
              sink.send(
                  kafka.balancesTopic,
                  account.userId().getBytes(UTF_8),
                  BalanceCodec.encode(account)));
    }
    sink.flush();
    cluster.awaitApplied(sink.ends());
  }

  private Sent send(
      Workload workload,
      Schedule schedule,
      KafkaSink sink,
      AlertCheck check,
      long startMs,
      PrintStream err) {
    Ticker ticker = Ticker.SYSTEM;
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long records = schedule.records();
    long alerts = 0;
    long behindNanos = 0;
    long startCpuNanos = system.getProcessCpuTime();
    try (CsvWriter csv = expected == null ? null : new CsvWriter(expected, AlertCheckText.HEADER);
        Progress progress = Progress.of("load", records, err)) {
      long startNanos = ticker.nanoTime();
      for (long i = 0; i < records; i++) {
        long offsetNanos = schedule.offsetNanos(i);
        long dueNanos = startNanos + offsetNanos;
        long nowNanos = ticker.nanoTime();
        if (nowNanos - dueNanos < 0) {
          ticker.sleepUntil(nowNanos + Math.max(dueNanos - nowNanos, REST_NANOS));
          nowNanos = ticker.nanoTime();
        }
        behindNanos = Math.max(behindNanos, nowNanos - dueNanos);
        Outgoing next = workload.next(startMs + TimeUnit.NANOSECONDS.toMillis(offsetNanos));
        if (next.alert() != null) {
          alerts++;
          if (check != null) {
            check.expect(next.alert(), dueNanos);
          }
          if (csv != null) {
            writeExpected(csv, next);
          }
        }
        sink.send(kafka.transactionsTopic, next.key(), next.value());
        progress.step();
      }
      sink.flush();
      return new Sent(
          records,
          ticker.nanoTime() - startNanos,
          behindNanos,
          system.getProcessCpuTime() - startCpuNanos,
          alerts);
    }
  }

  private static void writeExpected(CsvWriter csv, Outgoing next) {
    KnownAlert alert = next.alert();
    csv.row(
        alert.type(),
        alert.userId(),
        alert.transactionId(),
        EventTime.format(alert.eventTimeMs()),
        alert.exposureMinor(),
        alert.balanceMinor(),
        alert.cause(),
        alert.late(),
        next.scenario().label());
  }

  private static String line(Workload workload, Schedule schedule, Sent sent) {
    double seconds = sent.nanos() / 1e9;
    boolean keptUp = sent.behindNanos() <= BEHIND_NANOS_MAX;
    return String.format(
        Locale.ROOT,
        "loaded: %,d transactions (%,d refunds) and %,d copies in %.1f s, %,.0f/s, %.1f µs of CPU"
            + " each; %s its schedule by %.1f ms at most; %,d alerts expected",
        workload.transactions(),
        workload.refunds(),
        workload.duplicates(),
        seconds,
        sent.records() / seconds,
        sent.cpuNanos() / 1e3 / sent.records(),
        keptUp ? "behind" : "DID NOT KEEP UP with " + schedule + ", behind",
        sent.behindNanos() / 1e6,
        sent.alerts());
  }
}
