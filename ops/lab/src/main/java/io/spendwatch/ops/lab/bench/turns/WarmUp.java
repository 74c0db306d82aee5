package io.spendwatch.ops.lab.bench.turns;

import java.time.Duration;
import java.util.Locale;

/**
 * The load of a benchmark until the compilers rest: contender, broker and generator have compiled
 * what they run. Half a minute is not enough: a node then still took twice its time, and alerts
 * waited for the compilers. How much all of them take together says nothing, where the compilers
 * take whatever the machine has left.
 */
public record WarmUp(Bench bench, Turn turn, Ingestion ingestion) {
  /** After the last records of a past, until those of now come as they will. */
  private static final int SLICES_MIN = 3;

  /** Three minutes: both compilers of a node, a broker and the generator are done on two cores. */
  private static final int SLICES_MAX = 18;

  private static final Duration SLICE = Duration.ofSeconds(10);

  /** Of a processor: compilers that take less are as good as done. */
  private static final double RESTING = 0.05;

  /**
   * Blocks until it is over.
   *
   * @param perSecond records
   * @param phase of what is measured; one shorter than a slice is a rehearsal, and takes one
   */
  public void run(int perSecond, Duration phase) {
    if (phase.compareTo(SLICE) < 0) {
      Ingestion.Steady _ = ingestion.steady(perSecond, phase);
      return;
    }
    boolean isKnown = !turn.cpuClock().seconds().isEmpty();
    for (int slice = 1; slice <= SLICES_MAX; slice++) {
      double startSeconds = turn.cpuClock().compilerSeconds();
      Ingestion.Steady _ = ingestion.steady(perSecond, SLICE);
      double cores = (turn.cpuClock().compilerSeconds() - startSeconds) / SLICE.toSeconds();
      if (isKnown && slice >= SLICES_MIN && cores < RESTING) {
        bench.say(
            String.format(
                Locale.ROOT,
                "%-10s warm after %d s",
                turn.contender().label(),
                slice * SLICE.toSeconds()));
        return;
      }
    }
    bench.say(String.format(Locale.ROOT, "%-10s is still warming up", turn.contender().label()));
  }
}
