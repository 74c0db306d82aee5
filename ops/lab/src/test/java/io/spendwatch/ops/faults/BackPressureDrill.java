package io.spendwatch.ops.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.faults.processes.FaultyKafka;
import io.spendwatch.ops.faults.processes.FaultyPostgres;
import io.spendwatch.ops.faults.processes.NodeProcess;
import io.spendwatch.ops.testing.Launched;
import io.spendwatch.streams.pipeline.PipelinesBed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * PostgreSQL is away for two minutes while the load goes on: the node, as it is delivered, holds no
 * more than before, drains the backlog afterwards, and has lost nothing. For {@code ops/faults}.
 */
class BackPressureDrill {
  private static final int PER_SECOND = 5_000;
  private static final Duration BEFORE = Duration.ofSeconds(20);
  private static final Duration AWAY = Duration.ofMinutes(2);
  private static final Duration LOAD = BEFORE.plus(AWAY).plusSeconds(40);
  private static final Duration DRAIN = Duration.ofMinutes(5);
  private static final Duration SAMPLE = Duration.ofSeconds(5);
  private static final long HEAP_MORE_KB_MAX = 64 * 1024;
  private static final long RESIDENT_KB_MAX = 640 * 1024;

  /** Connections that are being made anew, beside those that are given up. */
  private static final long FILES_MORE_MAX = 24;

  private static final Pattern LOADED =
      Pattern.compile("loaded: ([\\d,]+) transactions .*; ([\\d,]+) alerts expected");

  @TempDir private Path directory;
  private FaultyKafka kafka;
  private FaultyPostgres postgres;
  private FaultBed bed;
  private long heapMaxKb;
  private long residentMaxKb;
  private long filesMax;

  @RegisterExtension final FaultDump dump = new FaultDump(() -> bed);

  @BeforeEach
  void startServers() throws Exception {
    kafka = FaultyKafka.start(directory.resolve("kafka"), FaultyKafka.AS_DELIVERED);
    postgres = FaultyPostgres.start(directory.resolve("postgres"), Optional.empty());
    bed = new FaultBed(kafka, postgres, FaultBed.Shape.AS_DELIVERED, directory, 1);
  }

  @AfterEach
  void cleanUp() {
    bed.close();
    kafka.close();
    postgres.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"POSTGRES_STALLED", "POSTGRES_KILLED"})
  @Timeout(900)
  void keepsItsMemoryAndDrainsTheBacklog(KnownFault known) throws Exception {
    bed.start();
    NodeProcess node = bed.nodes().getFirst();
    try (Launched load = load()) {
      sampleFor(node, BEFORE);
      Footprint before = Footprint.of(node, bed);
      Fault fault = known.on(bed);
      heapMaxKb = 0;
      residentMaxKb = 0;
      filesMax = 0;
      fault.inflict();
      sampleFor(node, AWAY);
      assertThat(fault.shows()).isTrue();
      long healedNanos = System.nanoTime();
      fault.heal();
      await("the backlog to be drained")
          .atMost(DRAIN)
          .pollInterval(Duration.ofMillis(500))
          .until(() -> lagRecords(node) < PER_SECOND);
      double drainedSeconds = (System.nanoTime() - healedNanos) / 1e9;
      sample(node);
      Matcher loaded = LOADED.matcher(load.awaitLine(line -> line.startsWith("loaded"), LOAD));
      assertThat(loaded.find()).isTrue();
      bed.awaitCaughtUp();
      Footprint after = Footprint.of(node, bed);
      System.out.printf(
          Locale.ROOT,
          "%s for %d s under %,d/s: heap %,d KB before, %,d KB at most (with garbage), %,d KB after;"
              + " resident at most %,d KB; %d open files before, %d at most; drained to %,d records in %.1f s; %s%n",
          known.label(),
          AWAY.toSeconds(),
          PER_SECOND,
          before.heapKb(),
          heapMaxKb,
          after.heapKb(),
          residentMaxKb,
          before.files(),
          filesMax,
          PER_SECOND,
          drainedSeconds,
          loaded.group());
      verify(number(loaded.group(1)), number(loaded.group(2)));
      assertThat(after.pid()).isEqualTo(before.pid());
      assertThat(after.heapKb()).isLessThan(before.heapKb() + HEAP_MORE_KB_MAX);
      assertThat(residentMaxKb).isLessThan(RESIDENT_KB_MAX);
      assertThat(filesMax).isLessThan(before.files() + FILES_MORE_MAX);
    }
  }

  private Launched load() {
    PipelinesBed topics = bed.bed();
    return Launched.start(
        Map.of(
            "SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS", topics.bootstrapServers(),
            "SPENDWATCH_KAFKA_GROUP_ID", topics.group(),
            "SPENDWATCH_TOPIC_TRANSACTIONS", topics.topics().transactions(),
            "SPENDWATCH_TOPIC_BALANCES", topics.topics().balances()),
        "load",
        "--rate=" + PER_SECOND,
        "--duration=" + LOAD.toSeconds() + "s",
        "--users=2000",
        "--scenario-rate=5",
        "--no-check");
  }

  /**
   * Rows are the transactions that were sent, alerts are as many as must come, each is there once.
   */
  private void verify(long transactions, long alerts) {
    assertThat(bed.stored()).isEqualTo(transactions);
    assertThat(bed.bed().number("SELECT count(*) FROM spendwatch.alerts")).isEqualTo(alerts);
    bed.verifyAlertsAreTheRows();
  }

  private void sampleFor(NodeProcess node, Duration duration) {
    long untilNanos = System.nanoTime() + duration.toNanos();
    await("the time to pass, with the node alive")
        .atMost(duration.plusMinutes(1))
        .pollInterval(SAMPLE)
        .until(
            () -> {
              assertThat(node.isAlive()).isTrue();
              sample(node);
              return System.nanoTime() > untilNanos;
            });
  }

  private void sample(NodeProcess node) {
    long pid = node.root().orElseThrow().pid();
    heapMaxKb = Math.max(heapMaxKb, Footprint.heapKb(pid));
    residentMaxKb = Math.max(residentMaxKb, Footprint.residentKb(pid));
    filesMax = Math.max(filesMax, Footprint.files(pid));
  }

  private static long lagRecords(NodeProcess node) {
    return node.status()
        .map(status -> status.path("totals").path("lagRecords").asLong(Long.MAX_VALUE))
        .orElse(Long.MAX_VALUE);
  }

  private static long number(String text) {
    return Long.parseLong(text.replace(",", ""));
  }
}
