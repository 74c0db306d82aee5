package io.spendwatch.ops.lab.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.spendwatch.errors.OperatorException;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * Something measured.
 *
 * @param benchmark by which
 * @param name what of it
 * @param value in {@code unit}
 * @param unit such as {@code s}, {@code B}, {@code users/s}
 * @param reference what it is held against, in {@code unit}: the bare loop's where a node's is
 *     measured; null without one
 * @param check what was right, for people: a benchmark in which something is not has no figures
 */
public record Figure(
    String benchmark, String name, double value, String unit, Double reference, String check) {

  /**
   * Checks it.
   *
   * @throws OperatorException if it is no number: what was measured was too little
   */
  public Figure {
    if (!Double.isFinite(value) || (reference != null && !Double.isFinite(reference))) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "%s, %s: %s against %s is no figure: measure more (--backlog, --phase, --users)",
              benchmark,
              name,
              value,
              reference));
    }
  }

  /** One that is held against nothing. */
  public static Figure of(String benchmark, String name, double value, String unit, String check) {
    return new Figure(benchmark, name, value, unit, null, check);
  }

  /** The same, as another benchmark's. */
  public Figure of(Benchmark another) {
    return new Figure(another.label(), benchmark + ", " + name, value, unit, reference, check);
  }

  /** How many times the reference it is; null without one, or where that is zero. */
  @JsonProperty
  public Double ratio() {
    return reference == null || reference == 0 ? null : value / reference;
  }

  /** A percentile of microseconds, in milliseconds. */
  static double millis(Histogram micros, double percentile) {
    return micros.getValueAtPercentile(percentile) / 1e3;
  }

  /** The middle one of several turns. */
  static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
