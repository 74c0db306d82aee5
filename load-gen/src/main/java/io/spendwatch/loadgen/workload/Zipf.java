package io.spendwatch.loadgen.workload;

import java.util.SplittableRandom;

/**
 * Ranks by Zipf's law: rank k comes in proportion to 1/(k+1)^s, from 0 on. Drawn by
 * rejection-inversion (Hörmann and Derflinger, 1996): constant time and memory, whatever the number
 * of ranks. Immutable.
 */
public final class Zipf {

  private final int ranks;
  private final double exponent;

  /** The area under the hat, from {@link #areaFrom} below the first rank to beyond the last. */
  private final double areaFrom;

  private final double areaTo;

  /** So close above its rank a point is surely below the law, and need not be looked at. */
  private final double surelyBelow;

  /**
   * @param exponent more than 0; the greater, the more come to the first ranks
   */
  Zipf(int ranks, double exponent) {
    this.ranks = ranks;
    this.exponent = exponent;
    this.areaFrom = area(1.5) - 1;
    this.areaTo = area(ranks + 0.5);
    this.surelyBelow = 2 - pointOf(area(2.5) - weight(2));
  }

  /** 0 ≤ rank &lt; ranks. */
  int draw(SplittableRandom random) {
    while (true) {
      double drawn = areaFrom + random.nextDouble() * (areaTo - areaFrom);
      double point = pointOf(drawn);
      int number = Math.clamp(Math.round(point), 1, ranks);
      if (number - point <= surelyBelow || drawn >= area(number + 0.5) - weight(number)) {
        return number - 1;
      }
    }
  }

  private double weight(double x) {
    return Math.pow(x, -exponent);
  }

  /** Integral of the weight from 1 to x. */
  private double area(double x) {
    return exponent == 1 ? Math.log(x) : (Math.pow(x, 1 - exponent) - 1) / (1 - exponent);
  }

  /** The inverse of {@link #area}. */
  private double pointOf(double area) {
    return exponent == 1
        ? Math.exp(area)
        : Math.pow(Math.max(0, 1 + area * (1 - exponent)), 1 / (1 - exponent));
  }
}
