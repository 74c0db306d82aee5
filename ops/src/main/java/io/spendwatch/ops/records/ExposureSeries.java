package io.spendwatch.ops.records;

import io.spendwatch.actors.exposure.ExposureWindow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A user's exposure over time, from the rows: an entry counts from its event time on and leaves
 * exactly 24 h later. What counts at an instant is what has the currency of the balance in force
 * there; without any, the currency of the first entry. All entries are known, whenever they
 * arrived, and whatever their verdicts: it is what the rule would come to if it looked now. Not
 * thread-safe, for one use.
 */
final class ExposureSeries {

  /** What enters at an instant, in one currency; a refund is negative. */
  record Entry(long atMs, String currency, long signedMinor) {}

  /**
   * A balance from an instant on.
   *
   * @param balanceMinor null from when on the account is closed
   */
  record Version(long asOfMs, String currency, Long balanceMinor) {}

  /**
   * How it stands from an instant on.
   *
   * @param currency of both; null where there is nothing yet
   * @param balanceMinor null without an account
   */
  record Step(long atMs, long exposureMinor, String currency, Long balanceMinor) {
    boolean isBreach() {
      return balanceMinor != null && exposureMinor > balanceMinor;
    }

    boolean hasSameBalance(Step other) {
      return Objects.equals(balanceMinor, other.balanceMinor)
          && Objects.equals(currency, other.currency);
    }

    boolean isSeenAs(Step other) {
      return exposureMinor == other.exposureMinor
          && isBreach() == other.isBreach()
          && Objects.equals(currency, other.currency);
    }
  }

  private final List<Entry> entries;
  private final List<Version> versions;
  private final Map<String, Long> sums = new HashMap<>();
  private int entered;
  private int left;

  /** How many versions have begun. */
  private int begun;

  /**
   * @param entries by time, from 24 h before the first instant of interest on
   * @param versions by time, from the one in force at the first instant on; where all begin later,
   *     the first is in force before it too
   */
  ExposureSeries(List<Entry> entries, List<Version> versions) {
    this.entries = entries;
    this.versions = versions;
  }

  /**
   * All steps: how it stands at the first instant, then at each at which exposure or balance
   * changes, up to the last instant, which has a step in any case. One for each instant, after all
   * that happens there.
   *
   * @throws ArithmeticException where a sum does not fit 64 bits
   */
  List<Step> steps(long fromMs, long toMs) {
    List<Step> steps = new ArrayList<>();
    steps.add(stepAt(fromMs));
    for (long atMs = nextMs(); atMs <= toMs; atMs = nextMs()) {
      Step step = stepAt(atMs);
      Step before = steps.getLast();
      if (step.exposureMinor() != before.exposureMinor() || !step.hasSameBalance(before)) {
        steps.add(step);
      }
    }
    if (steps.getLast().atMs() < toMs) {
      steps.add(stepAt(toMs));
    }
    return steps;
  }

  /** When something happens next; {@link Long#MAX_VALUE} for never. */
  private long nextMs() {
    long enters = entered < entries.size() ? entries.get(entered).atMs() : Long.MAX_VALUE;
    long leaves =
        left < entered ? entries.get(left).atMs() + ExposureWindow.WINDOW_MS : Long.MAX_VALUE;
    long begins = begun < versions.size() ? versions.get(begun).asOfMs() : Long.MAX_VALUE;
    return Math.min(enters, Math.min(leaves, begins));
  }

  private Step stepAt(long atMs) {
    while (entered < entries.size() && entries.get(entered).atMs() <= atMs) {
      Entry entry = entries.get(entered++);
      sums.merge(entry.currency(), entry.signedMinor(), Math::addExact);
      leaveUntil(entry.atMs());
    }
    leaveUntil(atMs);
    while (begun < versions.size() && versions.get(begun).asOfMs() <= atMs) {
      begun++;
    }
    Version inForce = versions.isEmpty() ? null : versions.get(Math.max(0, begun - 1));
    String currency = inForce == null ? firstCurrency() : inForce.currency();
    return new Step(
        atMs,
        sums.getOrDefault(currency, 0L),
        currency,
        inForce == null ? null : inForce.balanceMinor());
  }

  private void leaveUntil(long atMs) {
    while (left < entered && entries.get(left).atMs() + ExposureWindow.WINDOW_MS <= atMs) {
      Entry entry = entries.get(left++);
      sums.merge(entry.currency(), entry.signedMinor(), Math::subtractExact);
    }
  }

  private String firstCurrency() {
    return entries.isEmpty() ? null : entries.getFirst().currency();
  }
}
