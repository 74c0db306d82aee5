package io.spendwatch.ops.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Inflicts faults on a bed, one after the other, each while a slice of the data is replayed, and
 * checks after each that all goes on by itself, and that nothing has leaked or run hot.
 */
final class Drill {
  /** A partition's life ends, begins and waits in a handful of lines. */
  private static final int LOG_LINES_PER_NODE_MAX = 250;

  private static final int THREADS_MORE_MAX = 12;
  private static final int FILES_MORE_MAX = 12;
  private static final int CONNECTIONS_MAX = 7;
  private static final long HEAP_MORE_KB_MAX = 40 * 1024;

  /**
   * How hard.
   *
   * @param times each fault, within one slice
   * @param perSecond records that are replayed
   * @param hold how long a fault lasts from when it shows
   */
  record Settings(int times, int perSecond, Duration hold) {}

  private final FaultBed bed;
  private final SlicedData data;
  private final Settings settings;
  private int nextSlice;

  Drill(FaultBed bed, SlicedData data, Settings settings) {
    this.bed = bed;
    this.data = data;
    this.settings = settings;
  }

  /** How many slices so many faults take. */
  static int slices(int faults) {
    return faults + 2;
  }

  /**
   * Runs all of it: a slice without a fault, one for each fault, a last one without; then compares
   * with the known answers.
   */
  void run(List<KnownFault> faults) throws Exception {
    replay().join();
    bed.awaitCaughtUp();
    Map<NodeProcess, Footprint> before = footprints();
    for (KnownFault fault : faults) {
      inflict(fault);
    }
    replay().join();
    bed.awaitCaughtUp();
    checkFootprints(before);
    bed.verify(data);
  }

  private void inflict(KnownFault known) {
    Map<NodeProcess, Long> linesBefore = new HashMap<>();
    bed.nodes().forEach(node -> linesBefore.put(node, node.logLines()));
    CompletableFuture<Void> load = replay();
    List<String> report = new ArrayList<>();
    for (int i = 0; i < settings.times(); i++) {
      awaitProgress();
      report.add(once(known.on(bed)));
    }
    load.join();
    bed.awaitReady();
    bed.awaitCaughtUp();
    long lines = 0;
    for (NodeProcess node : bed.nodes()) {
      long more = node.logLines() - linesBefore.get(node);
      assertThat(more)
          .as("lines that %s has logged during %s", node.name(), known.label())
          .isLessThan((long) LOG_LINES_PER_NODE_MAX * settings.times());
      lines += more;
    }
    System.out.printf(
        Locale.ROOT, "%s: %s; %d log lines%n", known.label(), String.join("; ", report), lines);
  }

  /** Inflicts it, waits until it shows, heals it, waits until all are ready again. */
  private String once(Fault fault) {
    long startNanos = System.nanoTime();
    fault.inflict();
    long shownNanos;
    List<String> waitingFor;
    try {
      await("the fault to show").atMost(FaultBed.LIMIT).ignoreExceptions().until(fault::shows);
      shownNanos = System.nanoTime();
      waitingFor = bed.waitingFor();
      hold();
    } finally {
      fault.heal();
    }
    long healedNanos = System.nanoTime();
    bed.awaitReady();
    return "shown after %.1f s %s, ready %.1f s after its end"
        .formatted(
            (shownNanos - startNanos) / 1e9, waitingFor, (System.nanoTime() - healedNanos) / 1e9);
  }

  private void hold() {
    long untilNanos = System.nanoTime() + settings.hold().toNanos();
    await("the time that a fault lasts")
        .atMost(settings.hold().plus(FaultBed.LIMIT))
        .until(() -> System.nanoTime() > untilNanos);
  }

  /** Until some more rows are durable, so that work is in flight. */
  private void awaitProgress() {
    long enough = bed.stored() + 1 + bed.random().nextInt(data.rowsPerSlice() / 10);
    await("progress").atMost(FaultBed.LIMIT).until(() -> bed.stored() >= enough);
  }

  private CompletableFuture<Void> replay() {
    int slice = nextSlice++;
    return CompletableFuture.runAsync(
            () -> data.replay(slice, settings.perSecond(), bed.bed()), Thread::startVirtualThread)
        .orTimeout(FaultBed.LIMIT.toSeconds() * 5, TimeUnit.SECONDS);
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
    assertThat(now.producers()).as("producers").isEqualTo(1);
    assertThat(now.threads()).as("threads").isLessThan(then.threads() + THREADS_MORE_MAX);
    assertThat(now.files()).as("files").isLessThan(then.files() + FILES_MORE_MAX);
    assertThat(now.heapKb()).as("heap").isLessThan(then.heapKb() + HEAP_MORE_KB_MAX);
  }
}
