package io.spendwatch.ops.records;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.ops.records.ExposureSeries.Entry;
import io.spendwatch.ops.records.ExposureSeries.Step;
import io.spendwatch.ops.records.ExposureSeries.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToLongFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ExposureSeriesTest {
  private static final long DAY = ExposureWindow.WINDOW_MS;
  private static final int MAX = 200;

  @Test
  void anEntryLeavesExactlyADayLater() {
    List<Step> steps =
        new ExposureSeries(
                List.of(new Entry(10, "USD", 500), new Entry(20, "USD", -200)),
                List.of(new Version(0, "USD", 400L)))
            .steps(0, 2 * DAY);
    assertThat(steps)
        .containsExactly(
            new Step(0, 0, "USD", 400L),
            new Step(10, 500, "USD", 400L),
            new Step(20, 300, "USD", 400L),
            new Step(10 + DAY, -200, "USD", 400L),
            new Step(20 + DAY, 0, "USD", 400L),
            new Step(2 * DAY, 0, "USD", 400L));
  }

  @Test
  void whatLeavesAndWhatEntersAtOneInstantAreOneStep() {
    List<Step> steps =
        new ExposureSeries(
                List.of(
                    new Entry(10, "USD", 500),
                    new Entry(10 + DAY, "USD", 100),
                    new Entry(10 + DAY, "USD", 30)),
                List.of())
            .steps(10, 10 + DAY);
    assertThat(steps)
        .containsExactly(new Step(10, 500, "USD", null), new Step(10 + DAY, 130, "USD", null));
  }

  @Test
  void onlyTheCurrencyOfTheBalanceInForceCounts() {
    List<Step> steps =
        new ExposureSeries(
                List.of(new Entry(10, "USD", 500), new Entry(20, "EUR", 300)),
                List.of(
                    new Version(15, "EUR", 100L),
                    new Version(30, "USD", 700L),
                    new Version(40, "USD", null)))
            .steps(5, 50);
    assertThat(steps)
        .containsExactly(
            new Step(5, 0, "EUR", 100L),
            new Step(20, 300, "EUR", 100L),
            new Step(30, 500, "USD", 700L),
            new Step(40, 500, "USD", null),
            new Step(50, 500, "USD", null));
    assertThat(steps).extracting(Step::isBreach).containsExactly(false, true, false, false, false);
  }

  /** Against the definition: the sum over (t − 24 h, t]. */
  @Property(tries = 200)
  void eachStepIsTheSumOfItsWindow(@ForAll long seed) {
    var random = new Random(seed);
    List<Entry> entries = new ArrayList<>();
    long at = 0;
    for (int i = random.nextInt(60); i > 0; i--) {
      at += random.nextInt(6) * (DAY / 8);
      entries.add(new Entry(at, "USD", random.nextInt(2_000) - 500));
    }
    long from = DAY / 3;
    long to = at + DAY / 2;
    List<Step> steps =
        new ExposureSeries(entries, List.of(new Version(0, "USD", 700L))).steps(from, to);
    for (long t = from; t <= to; t += DAY / 24) {
      assertThat(valueAt(steps, t)).as("seed %d at %d", seed, t).isEqualTo(sum(entries, t));
    }
    assertThat(steps)
        .allSatisfy(step -> assertThat(step.exposureMinor()).isEqualTo(sum(entries, step.atMs())));
  }

  @Property(tries = 200)
  void thinningLosesNoBreachAndChangesNothing(
      @ForAll long seed, @ForAll @IntRange(min = MAX + 1, max = 3_000) int size) {
    var random = new Random(seed);
    // From few long breaches to as many as fit.
    int shift = random.nextInt(2_000);
    List<Step> steps = new ArrayList<>();
    long exposure = 0;
    for (int i = 0; i < size; i++) {
      exposure += random.nextInt(201) - 100;
      boolean spike = random.nextInt(2_000) < shift / 20;
      steps.add(new Step(i, exposure + (spike ? 5_000 : 0), "USD", 1_000L));
    }
    ToLongFunction<Step> value = Step::exposureMinor;
    List<Step> thinned = Thinning.thinned(steps, MAX, value);
    assertThat(thinned).hasSizeLessThanOrEqualTo(MAX);
    assertThat(thinned).isSubsetOf(steps).startsWith(steps.getFirst()).endsWith(steps.getLast());
    assertThat(thinned).isSortedAccordingTo((one, other) -> Long.compare(one.atMs(), other.atMs()));
    List<List<Step>> breaches = breaches(steps);
    assertThat(
            breaches.stream().filter(breach -> breach.stream().anyMatch(thinned::contains)).count())
        .as("seed %d: breaches of %d", seed, breaches.size())
        .isGreaterThanOrEqualTo(Math.min(breaches.size(), MAX - 2));
  }

  @Test
  void aShortSeriesStaysAsItIs() {
    List<Step> steps = List.of(new Step(0, 1, "USD", 2L), new Step(1, 3, "USD", 2L));
    assertThat(Thinning.thinned(steps, 2, Step::exposureMinor)).isSameAs(steps);
  }

  private static List<List<Step>> breaches(List<Step> steps) {
    List<List<Step>> breaches = new ArrayList<>();
    boolean before = false;
    for (Step step : steps) {
      if (step.isBreach()) {
        if (!before) {
          breaches.add(new ArrayList<>());
        }
        breaches.getLast().add(step);
      }
      before = step.isBreach();
    }
    return breaches;
  }

  private static long sum(List<Entry> entries, long t) {
    return entries.stream()
        .filter(entry -> entry.atMs() > t - DAY && entry.atMs() <= t)
        .mapToLong(Entry::signedMinor)
        .sum();
  }

  private static long valueAt(List<Step> steps, long t) {
    return steps.stream().filter(step -> step.atMs() <= t).toList().getLast().exposureMinor();
  }
}
