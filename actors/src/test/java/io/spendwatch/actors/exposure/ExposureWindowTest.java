package io.spendwatch.actors.exposure;

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
    assertThat(window.overflows(3, Long.MAX_VALUE)).isTrue();
    assertThat(window.overflows(3, 1L << 50)).isFalse();
  }

  @Test
  void whatIsBoundedIsEachSumAndNotTheirGross() {
    var window = new ExposureWindow();
    count(window, DAY_MS, Long.MAX_VALUE);
    assertThat(window.overflows(DAY_MS + 1, 1)).isTrue();
    assertThat(window.overflows(DAY_MS + 1, -Long.MAX_VALUE)).isFalse();
    count(window, DAY_MS + 1, -Long.MAX_VALUE);
    assertThat(window.exposureMinor()).isZero();
    assertThat(window.overflows(DAY_MS + 2, Long.MAX_VALUE)).isFalse();
    // Once the first one has left, two refunds of the most there is would be in the window.
    assertThat(window.overflows(DAY_MS + 2, -2)).isTrue();
    // Not beyond any more when the second one comes.
    assertThat(window.overflows(2 * DAY_MS + 1, -Long.MAX_VALUE)).isFalse();
  }

  @Test
  void countsOneCurrencyAtATime() {
    var window = new ExposureWindow();
    window.insert(10, 5, 1, (byte) 0);
    window.insert(11, 7, 2, (byte) 1);
    window.insert(9, 2, 3, (byte) 1);
    assertThat(window.exposureMinor()).isEqualTo(5);
    window.count((byte) 1);
    assertThat(window.exposureMinor()).isEqualTo(9);
    assertThat(window.transactions()).isEqualTo(2);
    window.moveTo(9 + DAY_MS);
    assertThat(window.exposureMinor()).isEqualTo(7);
    assertThat(window.timesOf(3)).containsExactly(9);
  }

  /** The case that was found: two records at exactly 24 h behind the latest, and a way back. */
  @Test
  void twoRecordsExactlyADayBehindLeaveTheSumAsItIs() {
    var window = new ExposureWindow();
    count(window, 3 * DAY_MS, 200);
    window.moveTo(3 * DAY_MS + 1_800_000);
    count(window, 2 * DAY_MS, 70);
    window.moveTo(3 * DAY_MS);
    count(window, 2 * DAY_MS, 10);
    count(window, 3 * DAY_MS + 3_600_000, 1);
    assertThat(window.exposureMinor()).isEqualTo(201);
    window.checkSum();
  }

  @Test
  void goesThroughThePastWithoutMoving() {
    for (long seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      var window = new ExposureWindow();
      List<Entry> entries = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        long atMs = random.nextLong(DAY_MS) / 3_600_000 * 3_600_000;
        long amountMinor = random.nextInt(1_000) - 200L;
        entries.add(new Entry(atMs, amountMinor));
        count(window, atMs, amountMinor);
      }
      long before = window.exposureMinor();
      var walk = window.walk(DAY_MS / 2, (byte) 0);
      while (walk.nextTransactionMs() != Long.MAX_VALUE) {
        long atMs = walk.nextTransactionMs();
        walk.expire(atMs);
        long _ = walk.take();
        if (walk.isLastOfInstant()) {
          assertThat(walk.exposureMinor()).as("seed %d", seed).isEqualTo(sum(entries, atMs));
          assertThat(walk.transactions()).isEqualTo(inWindow(entries, atMs).size());
        }
      }
      assertThat(window.exposureMinor()).isEqualTo(before);
    }
  }

  @Test
  void suspectsEveryIdThatItKeepsHoweverMany() {
    var window = new ExposureWindow();
    Random random = new Random(1);
    List<Integer> fingerprints = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      int fingerprint = random.nextInt();
      fingerprints.add(fingerprint);
      window.insert(i * 10_000L, 1, fingerprint, (byte) 0);
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
        assertThat(window.exposureAt(atMs, (byte) 0))
            .as("seed %d", seed)
            .isEqualTo(sum(entries, atMs));
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
    window.insert(atMs, amountMinor, 0, (byte) 0);
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
