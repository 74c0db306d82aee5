package io.spendwatch.ops.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.faults.load.KnownLoad;
import io.spendwatch.ops.faults.load.PartitionWatch;
import io.spendwatch.ops.faults.processes.NodeProcess;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Inflicts faults on a bed, one after the other, each into a steady load, and checks after each
 * that all goes on by itself, and that nothing has leaked or run hot.
 */
final class Drill {
  /** A partition's life ends, begins and waits in a handful of lines. */
  private static final int LOG_LINES_PER_NODE_MAX = 100;

  /** Pekko says with each message that comes in that the cluster has taken the node out. */
  private static final int LOG_LINES_TAKEN_OUT_MAX = 250;

  /** Twice what is promised of a machine with room to spare. */
  private static final double STANDSTILL_SECONDS_MAX = 20;

  private static final Duration SHARDS_MAX = Duration.ofSeconds(10);

  private static final int THREADS_MORE_MAX = 12;
  private static final int FILES_MORE_MAX = 12;

  /** Four that read, four that write, one for pushed balances. */
  private static final int CONNECTIONS_MAX = 9;

  private static final long HEAP_MORE_KB_MAX = 40 * 1024;

  /**
   * How hard.
   *
   * @param perSecond records that are produced
   * @param hold how long a fault lasts from when it shows
   * @param freeze how long a node is frozen
   * @param steady how long the load goes on without a fault, before and after
   */
  record Settings(int perSecond, Duration hold, Duration freeze, Duration steady) {}

  private final FaultBed bed;
  private final KnownLoad load;
  private final Settings settings;
  private Map<NodeProcess, Footprint> before = Map.of();

  Drill(FaultBed bed, KnownLoad load, Settings settings) {
    this.bed = bed;
    this.load = load;
    this.settings = settings;
  }

  /**
   * Runs all of it: the load without a fault, with each fault, without one; then compares with the
   * known answers. Where the nodes are a cluster, compares after each, and measures how long
   * partitions stood still.
   */
  void run(List<KnownFault> faults) throws Exception {
    begin();
    for (KnownFault fault : faults) {
      inflict(fault);
    }
    end();
  }

  /** The load without a fault, and what the nodes take of the machine then. */
  void begin() throws Exception {
    load.produceAccounts(bed.bed());
    bed.awaitCaughtUp();
    steadyRun();
    before = footprints();
  }

  /** The load without a fault once more: nothing has leaked, and all is as is known. */
  void end() throws Exception {
    steadyRun();
    checkFootprints(before);
    bed.verify(load);
  }

  private void steadyRun() throws Exception {
    load.start(bed.bed(), settings.perSecond());
    pass(settings.steady());
    load.stop(bed.bed());
    bed.awaitCaughtUp();
  }

  /** The load with this fault; then all have caught up again. */
  void inflict(KnownFault known) throws Exception {
    Map<NodeProcess, Long> linesBefore = new HashMap<>();
    bed.nodes().forEach(node -> linesBefore.put(node, node.logLines()));
    int endingsBefore = bed.endings().size();
    load.produceAccounts(bed.bed());
    load.start(bed.bed(), settings.perSecond());
    String report;
    if (bed.watch().isPresent()) {
      report = watched(known, bed.watch().orElseThrow());
    } else {
      awaitProgress();
      report = once(known, () -> {});
      awaitProgress();
    }
    load.stop(bed.bed());
    bed.awaitReady();
    bed.awaitCaughtUp();
    long lines = 0;
    for (NodeProcess node : bed.nodes()) {
      long more = node.logLines() - linesBefore.get(node);
      assertThat(more)
          .as("lines that %s has logged during %s", node.name(), known.label())
          .isLessThan(known.endsNode() ? LOG_LINES_TAKEN_OUT_MAX : LOG_LINES_PER_NODE_MAX);
      lines += more;
    }
    List<FaultBed.Ending> endings = bed.endings().subList(endingsBefore, bed.endings().size());
    System.out.printf(
        Locale.ROOT, "%s: %s; %s%d log lines%n", known.label(), report, told(endings), lines);
    if (!known.endsNode()) {
      assertThat(endings).as("ends during %s", known.label()).isEmpty();
    }
    if (bed.watch().isPresent()) {
      bed.verify(load);
    }
  }

  private static String told(List<FaultBed.Ending> endings) {
    return endings.stream().map(ending -> ending + "; ").collect(Collectors.joining());
  }

  /** Inflicts it and says for how long each partition stood still, without it too. */
  private String watched(KnownFault known, PartitionWatch watch) throws Exception {
    awaitNewRows(watch);
    watch.mark();
    // No rhythm of ours.
    pass(settings.steady().plusMillis(bed.random().nextInt(1_000)));
    PartitionWatch.Standstills before = watch.standstills();
    watch.mark();
    PartitionWatch.Standstills[] during = new PartitionWatch.Standstills[1];
    String report =
        once(
            known,
            () -> {
              during[0] = watch.standstills();
              watch.mark();
            });
    String shards = shardsFollow();
    awaitNewRows(watch);
    pass(settings.steady());
    PartitionWatch.Standstills after = watch.standstills();
    double longestSeconds = Math.max(during[0].longestSeconds(), after.longestSeconds());
    // Afterwards it is up to the machine how soon a new JVM keeps pace with its first partition.
    assertThat(during[0].longestSeconds())
        .as("standstill of a partition during %s: %s", known.label(), during[0])
        .isLessThan(STANDSTILL_SECONDS_MAX);
    return String.format(
        Locale.ROOT,
        "%s, %s; partitions stood still for at most %.1f s: %s before, %s during, %s after its end,"
            + " seen at least every %.2f s; the load was late by at most %.2f s; the machine's load"
            + " average %.1f",
        report,
        shards,
        longestSeconds,
        before,
        during[0],
        after,
        Math.max(during[0].blindSeconds(), after.blindSeconds()),
        load.behindMaxSeconds(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  /** No answer waits for them, questions from other nodes do: measured, not demanded. */
  private String shardsFollow() {
    long startNanos = System.nanoTime();
    try {
      await("shards where their partitions are").atMost(SHARDS_MAX).until(bed::shardsFollowed);
    } catch (ConditionTimeoutException e) {
      return "shards not all with their partitions " + SHARDS_MAX.toSeconds() + " s later";
    }
    return String.format(
        Locale.ROOT,
        "shards with their partitions %.1f s later",
        (System.nanoTime() - startNanos) / 1e9);
  }

  private static void awaitNewRows(PartitionWatch watch) {
    long nowNanos = System.nanoTime();
    await("new rows of all partitions")
        .atMost(FaultBed.LIMIT)
        .until(() -> watch.allWrittenSince(nowNanos));
  }

  /** Inflicts it, waits until it shows, heals it, waits until all are ready again. */
  private String once(KnownFault known, Runnable beforeItsEnd) {
    Fault fault = known.on(bed);
    long startNanos = System.nanoTime();
    fault.inflict();
    long shownNanos;
    List<String> waitingFor;
    try {
      await("the fault to show")
          .atMost(NodeProcess.START_LIMIT)
          .ignoreExceptions()
          .until(
              () -> {
                bed.supervise();
                return fault.shows();
              });
      shownNanos = System.nanoTime();
      waitingFor = bed.waitingFor();
      pass(settings.hold());
      if (known == KnownFault.NODE_FROZEN) {
        pass(settings.freeze().minusNanos(System.nanoTime() - startNanos));
      }
      beforeItsEnd.run();
    } finally {
      fault.heal();
    }
    long healedNanos = System.nanoTime();
    bed.awaitReady();
    return String.format(
        Locale.ROOT,
        "shown after %.1f s %s, ready %.1f s after its end",
        (shownNanos - startNanos) / 1e9,
        waitingFor,
        (System.nanoTime() - healedNanos) / 1e9);
  }

  private void pass(Duration time) {
    long untilNanos = System.nanoTime() + time.toNanos();
    await("time to pass")
        .atMost(time.plus(FaultBed.LIMIT))
        .until(
            () -> {
              bed.supervise();
              return System.nanoTime() - untilNanos > 0;
            });
  }

  /** Until some more rows are durable, so that work is in flight. */
  private void awaitProgress() {
    long enough = bed.stored() + 1 + bed.random().nextInt(settings.perSecond() / 5);
    await("progress").atMost(FaultBed.LIMIT).until(() -> bed.stored() >= enough);
  }

  private Map<NodeProcess, Footprint> footprints() {
    Map<NodeProcess, Footprint> all = new HashMap<>();
    bed.nodes().forEach(node -> all.put(node, Footprint.of(node, bed)));
    return all;
  }

  /** Nodes that are still in the life that they were in have not grown. */
  private void checkFootprints(Map<NodeProcess, Footprint> before) {
    for (NodeProcess node : bed.nodes()) {
      Footprint then = before.get(node);
      if (node.root().orElseThrow().pid() != then.pid()) {
        continue;
      }
      await("nothing leaked by " + node.name())
          .atMost(FaultBed.LIMIT)
          .untilAsserted(() -> checkFootprint(then, Footprint.of(node, bed)));
      System.out.println("before " + then + ", after " + Footprint.of(node, bed));
    }
  }

  private static void checkFootprint(Footprint then, Footprint now) {
    assertThat(now.connections()).as("connections").isLessThanOrEqualTo(CONNECTIONS_MAX);
    assertThat(now.producers()).as("producers").isEqualTo(then.producers());
    assertThat(now.threads()).as("threads").isLessThan(then.threads() + THREADS_MORE_MAX);
    assertThat(now.files()).as("files").isLessThan(then.files() + FILES_MORE_MAX);
    assertThat(now.heapKb()).as("heap").isLessThan(then.heapKb() + HEAP_MORE_KB_MAX);
  }
}
