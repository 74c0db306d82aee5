package io.spendwatch.ops.bench;

import java.util.List;

/**
 * Something measured.
 *
 * @param benchmark by which
 * @param name what of it
 * @param value in {@code unit}
 * @param unit such as {@code s}, {@code B}, {@code users/s}
 */
public record Figure(String benchmark, String name, double value, String unit) {

  /** The middle one of several turns. */
  static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
