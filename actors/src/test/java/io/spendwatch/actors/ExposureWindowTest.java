package io.spendwatch.actors;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExposureWindowTest {

  private static final long DAY_MS = 86_400_000L;

  private record Entry(long atMs, long amountMinor) {}

  @Test
  void survivesALeapOfYears() {
    var window = new ExposureWindow();
    count(window, 1_000, 5);
    count(window, 1_000 + 3_000 * DAY_MS, 7);
    assertThat(window.exposureMinor()).isEqualTo(7);
    assertThat(window.size()).isEqualTo(1);
  }

  @Test
  void keepsAmountsThatFitNoInt() {
    var window = new ExposureWindow();
    count(window, 1, 100);
    count(window, 2, 1L << 40);
    count(window, 3, -(1L << 39));
    count(window, 0, 11);
    assertThat(window.exposureMinor()).isEqualTo(111 + (1L << 39));
    assertThat(window.overflows(Long.MAX_VALUE)).isTrue();
    assertThat(window.overflows(Long.MIN_VALUE)).isTrue();
  }

  @Test
  void suspectsEveryIdThatItKeepsHoweverMany() {
    var window = new ExposureWindow();
    Random random = new Random(1);
    List<Integer> fingerprints = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      int fingerprint = random.nextInt();
      fingerprints.add(fingerprint);
      window.restTo(i * 10_000L);
      window.insert(i * 10_000L, 1, fingerprint);
      window.step(i * 10_000L);
    }
    for (int i = 0; i < fingerprints.size(); i++) {
      assertThat(window.timesOf(fingerprints.get(i))).contains(i * 10_000L);
    }
    int suspicions = 0;
    for (int i = 0; i < 5_000; i++) {
      suspicions += window.timesOf(random.nextInt()).length;
    }
    assertThat(suspicions).isZero();
  }

  @Test
  void equalsASumOverAllEntriesWhateverTheOrder() {
    for (long seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      var window = new ExposureWindow();
      List<Entry> entries = new ArrayList<>();
      long latestMs = 0;
      for (int i = 0; i < 300; i++) {
        long atMs = latestMs + random.nextLong(DAY_MS / 8);
        if (i > 0 && random.nextInt(3) == 0) {
          atMs = latestMs - random.nextLong(DAY_MS);
        }
        long amountMinor = random.nextInt(1_000) - 200L;
        latestMs = Math.max(latestMs, atMs);
        entries.add(new Entry(atMs, amountMinor));
        count(window, atMs, amountMinor);
        assertThat(window.exposureAt(atMs)).as("seed %d", seed).isEqualTo(sum(entries, atMs));
        assertThat(window.latestMs()).isEqualTo(latestMs);
      }
      assertThat(window.exposureMinor()).isEqualTo(sum(entries, window.positionMs()));
      assertThat(window.transactions()).isEqualTo(inWindow(entries, window.positionMs()).size());
    }
  }

  @Test
  void keepsNoMoreThanTwoDays() {
    var window = new ExposureWindow();
    for (int i = 0; i < 100_000; i++) {
      count(window, i * 60_000L, 1);
    }
    assertThat(window.transactions()).isEqualTo(24 * 60);
    assertThat(window.size()).isBetween(48 * 60 - 1, 48 * 60 + 1);
  }

  private static void count(ExposureWindow window, long atMs, long amountMinor) {
    long restMs = Math.max(window.positionMs(), atMs);
    if (atMs >= window.positionMs()) {
      window.restTo(atMs);
    }
    window.insert(atMs, amountMinor, 0);
    window.restTo(restMs);
  }

  private static long sum(List<Entry> entries, long atMs) {
    return inWindow(entries, atMs).stream().mapToLong(Entry::amountMinor).sum();
  }

  private static List<Entry> inWindow(List<Entry> entries, long atMs) {
    return entries.stream()
        .filter(entry -> entry.atMs > atMs - DAY_MS && entry.atMs <= atMs)
        .sorted(Comparator.comparingLong(Entry::atMs))
        .toList();
  }
}
