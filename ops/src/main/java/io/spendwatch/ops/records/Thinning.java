package io.spendwatch.ops.records;

import io.spendwatch.ops.records.ExposureSeries.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * Leaves so many steps of a series that a chart of it looks the same. Those that are left are as
 * they were. Kept are the first and the last; of each breach its first step, its greatest one, and
 * the step that ends it; and from stretches of equal length the least and the greatest value. Where
 * there are too many breaches for that, each keeps its greatest step, and where there are more of
 * them than steps may be kept, those with the greatest excess stay. Stateless.
 */
final class Thinning {
  private Thinning() {}

  /**
   * A stretch in breach, by the numbers of its steps.
   *
   * @param end number after its last step
   */
  private record Breach(int start, int greatest, int end, double excess) {}

  /**
   * The steps that stay, in order.
   *
   * @param max at least 2
   * @param value what is drawn
   */
  static List<Step> thinned(List<Step> steps, int max, ToLongFunction<Step> value) {
    if (steps.size() <= max) {
      return steps;
    }
    BitSet kept = new BitSet(steps.size());
    kept.set(0);
    kept.set(steps.size() - 1);
    keepBreaches(breaches(steps), kept, steps.size(), max);
    keepExtremes(steps, kept, max - kept.cardinality(), value);
    return kept.stream().mapToObj(steps::get).toList();
  }

  private static List<Breach> breaches(List<Step> steps) {
    List<Breach> breaches = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      if (!steps.get(i).isBreach()) {
        continue;
      }
      int start = i;
      int greatest = i;
      for (; i < steps.size() && steps.get(i).isBreach(); i++) {
        if (excess(steps.get(i)) > excess(steps.get(greatest))) {
          greatest = i;
        }
      }
      breaches.add(new Breach(start, greatest, i, excess(steps.get(greatest))));
    }
    return breaches;
  }

  /** Only to compare: the difference of two longs may not fit one. */
  private static double excess(Step step) {
    return (double) step.exposureMinor() - step.balanceMinor();
  }

  private static void keepBreaches(List<Breach> breaches, BitSet kept, int size, int max) {
    if (3 * breaches.size() + 2 <= max) {
      for (Breach breach : breaches) {
        kept.set(breach.start());
        kept.set(breach.greatest());
        kept.set(Math.min(breach.end(), size - 1));
      }
    } else {
      breaches.stream()
          .sorted((one, other) -> Double.compare(other.excess(), one.excess()))
          .limit(max - 2L)
          .forEach(breach -> kept.set(breach.greatest()));
    }
  }

  private static void keepExtremes(
      List<Step> steps, BitSet kept, int room, ToLongFunction<Step> value) {
    int stretches = room / 2;
    for (int i = 0; i < stretches; i++) {
      int from = (int) ((long) steps.size() * i / stretches);
      int to = (int) ((long) steps.size() * (i + 1) / stretches);
      int least = from;
      int greatest = from;
      for (int at = from; at < to; at++) {
        long here = value.applyAsLong(steps.get(at));
        least = here < value.applyAsLong(steps.get(least)) ? at : least;
        greatest = here > value.applyAsLong(steps.get(greatest)) ? at : greatest;
      }
      kept.set(least);
      kept.set(greatest);
    }
  }
}
