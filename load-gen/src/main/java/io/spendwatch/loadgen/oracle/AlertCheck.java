package io.spendwatch.loadgen.oracle;

import io.spendwatch.loadgen.workload.Workload;
import io.spendwatch.protocol.Alert;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.HdrHistogram.Histogram;

/**
 * Holds the alerts that come against those that must, of one run: which are missing, too many or
 * there twice, and how long each took from when the record that causes it was to be sent. An alert
 * that differs from the known one in any {@linkplain KnownAlert figure} is one too many, and the
 * known one is missing. Safe for use by many threads.
 */
public final class AlertCheck {

  /** Row of the users who have no scenario. */
  public static final String BACKGROUND = "background";

  private static final int EXAMPLES_MAX = 10;
  private static final int DIGITS = 3;

  private final String idPrefix;
  private final Map<KnownAlert, Expectation> expectations = new HashMap<>();
  private final Map<String, Counts> byScenario = new TreeMap<>();
  private final List<KnownAlert> extraExamples = new ArrayList<>();
  private long outstanding;

  /**
   * The answer for a scenario, or for the background.
   *
   * @param expected RAISED and CLEARED together, as all that follow
   * @param seen of the expected
   * @param missed of the expected: not seen, although what causes them was decided
   * @param extra that nobody expects
   * @param doubled that have been seen before
   * @param latencyMicros from the intended sending to the first sight of each expected one
   */
  public record Row(
      String scenario,
      long expected,
      long seen,
      long missed,
      long extra,
      long doubled,
      Histogram latencyMicros) {

    /** Whether each expected one was there once, and no other. */
    public boolean isExact() {
      return seen == expected && extra == 0 && doubled == 0;
    }
  }

  /**
   * All answers.
   *
   * @param rows by scenario
   * @param total of all rows
   * @param missedExamples some of them
   * @param extraExamples some of them
   * @param undecided of the expected: not seen, and neither missed, since not all is decided yet
   */
  public record Report(
      List<Row> rows,
      Row total,
      List<KnownAlert> missedExamples,
      List<KnownAlert> extraExamples,
      long undecided) {}

  private static final class Expectation {
    private final Counts counts;
    private final long intendedNanos;
    private boolean seen;

    Expectation(Counts counts, long intendedNanos) {
      this.counts = counts;
      this.intendedNanos = intendedNanos;
    }
  }

  private static final class Counts {
    private final Histogram latencyMicros = new Histogram(DIGITS);
    private long expected;
    private long seen;
    private long extra;
    private long doubled;

    Row row(String scenario, long undecided) {
      return new Row(
          scenario,
          expected,
          seen,
          expected - seen - undecided,
          extra,
          doubled,
          latencyMicros.copy());
    }

    void add(Counts other) {
      latencyMicros.add(other.latencyMicros);
      expected += other.expected;
      seen += other.seen;
      extra += other.extra;
      doubled += other.doubled;
    }
  }

  /**
   * Knows nothing yet.
   *
   * @param run of the {@link Workload}: alerts of users of other runs are ignored
   */
  public AlertCheck(String run) {
    this.idPrefix = run + "-";
  }

  /**
   * Expects an alert; before the record that causes it is sent.
   *
   * @param intendedNanos when that record is to be sent, by {@link System#nanoTime()}
   * @throws IllegalStateException if it is expected already
   */
  public synchronized void expect(KnownAlert alert, long intendedNanos) {
    Counts counts = counts(alert.userId());
    if (expectations.put(alert, new Expectation(counts, intendedNanos)) != null) {
      throw new IllegalStateException("expected twice: " + alert);
    }
    counts.expected++;
    outstanding++;
  }

  /**
   * Takes note of an alert that has come.
   *
   * @param readableNanos when it could be read, by {@link System#nanoTime()}
   */
  public synchronized void seen(Alert alert, long readableNanos) {
    if (!alert.userId().startsWith(idPrefix)) {
      return;
    }
    KnownAlert known = KnownAlert.of(alert);
    Expectation expectation = expectations.get(known);
    if (expectation == null) {
      counts(alert.userId()).extra++;
      if (extraExamples.size() < EXAMPLES_MAX) {
        extraExamples.add(known);
      }
    } else if (expectation.seen) {
      expectation.counts.doubled++;
    } else {
      expectation.seen = true;
      expectation.counts.seen++;
      outstanding--;
      long tookNanos = Math.max(0, readableNanos - expectation.intendedNanos);
      expectation.counts.latencyMicros.recordValue(TimeUnit.NANOSECONDS.toMicros(tookNanos));
    }
  }

  /** How many expected ones have not been seen so far. */
  public synchronized long outstanding() {
    return outstanding;
  }

  /** The answers once all is decided; a copy. */
  public Report report() {
    return report(_ -> false);
  }

  /**
   * The answers so far; a copy.
   *
   * @param isUndecided whether records of a user may not be decided yet, by the id: an alert of the
   *     user that was not seen is not missed, then
   */
  public synchronized Report report(Predicate<String> isUndecided) {
    Map<Counts, Long> undecided = new HashMap<>();
    List<KnownAlert> missed = new ArrayList<>();
    expectations.forEach(
        (alert, expectation) -> {
          if (expectation.seen) {
            return;
          }
          if (isUndecided.test(alert.userId())) {
            undecided.merge(expectation.counts, 1L, Long::sum);
          } else if (missed.size() < EXAMPLES_MAX) {
            missed.add(alert);
          }
        });
    var total = new Counts();
    List<Row> rows = new ArrayList<>();
    byScenario.forEach(
        (scenario, counts) -> {
          rows.add(counts.row(scenario, undecided.getOrDefault(counts, 0L)));
          total.add(counts);
        });
    long undecidedInAll = undecided.values().stream().mapToLong(Long::longValue).sum();
    return new Report(
        rows,
        total.row("all", undecidedInAll),
        List.copyOf(missed),
        List.copyOf(extraExamples),
        undecidedInAll);
  }

  /** By the scenario that is in the user's id. */
  private Counts counts(String userId) {
    int end = userId.lastIndexOf('-');
    String scenario =
        end > idPrefix.length() ? userId.substring(idPrefix.length(), end) : BACKGROUND;
    return byScenario.computeIfAbsent(scenario, _ -> new Counts());
  }
}
