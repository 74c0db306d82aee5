package io.spendwatch.loadgen.pace;

import java.time.Duration;

/**
 * When each record of an open loop is due: at a rate that goes evenly from one value to another,
 * whatever becomes of the records. Immutable.
 *
 * @param from at the beginning
 * @param to at the end
 */
public record Schedule(Rate from, Rate to, Duration duration) {

  /** How many records it has, at least one. */
  public long records() {
    double mean = (from.perSecond() + to.perSecond()) / 2;
    return Math.max(1, Math.round(mean * duration.toMillis() / 1e3));
  }

  /**
   * When a record is due, nanoseconds after the first.
   *
   * @param number from 0 on
   */
  public long offsetNanos(long number) {
    double first = from.perSecond();
    // number = first · t + growth/2 · t², solved for t in the form that holds for growth 0 too.
    double growth = (to.perSecond() - first) / (duration.toMillis() / 1e3);
    double rateThen = Math.sqrt(Math.max(0, first * first + 2 * growth * number));
    return (long) (2e9 * number / (first + rateThen));
  }

  @Override
  public String toString() {
    return from.equals(to) ? "--rate " + from : "--ramp " + from + ".." + to;
  }
}
