package io.spendwatch.ops.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.audit.OffsetGaps.Census;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * When rows are taken for whole without a look at each: what follows is {@code AuditPlantsIT}'s.
 */
class OffsetGapsTest {

  @Test
  void rowsThatHaveEachOffsetOnceAreWhole() {
    for (long from = 0; from < 20; from++) {
      for (long to = from; to < 40; to++) {
        assertThat(census(offsets(from, to)).isWhole(span(from, to)))
            .as("[%d, %d)", from, to)
            .isTrue();
      }
    }
  }

  @Test
  void offsetsBeyondWhatALongCanSumAreWhole() {
    long from = Long.MAX_VALUE - 1_000;
    List<Long> offsets = offsets(from, Long.MAX_VALUE);
    assertThat(census(offsets).isWhole(span(from, Long.MAX_VALUE))).isTrue();
    offsets.set(500, offsets.get(501));
    assertThat(census(offsets).isWhole(span(from, Long.MAX_VALUE))).isFalse();
  }

  @Test
  void noneAreWholeOnlyOfAnEmptySpan() {
    assertThat(Census.NONE.isWhole(span(7, 7))).isTrue();
    assertThat(Census.NONE.isWhole(span(0, 1))).isFalse();
    assertThat(Census.NONE.isWhole(span(7, 8))).isFalse();
  }

  /** Each is what can become of rows: one is lost, comes twice, or names another record. */
  @Test
  void aRowMoreOrLessOrOfAnotherOffsetIsSeen() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 2_000; round++) {
      long from = random.nextInt(1_000);
      long to = from + 1 + random.nextInt(200);
      int place = random.nextInt((int) (to - from));
      List<Long> lost = offsets(from, to);
      Long _ = lost.remove(place);
      List<Long> twice = offsets(from, to);
      twice.add(from + place);
      List<Long> other = offsets(from, to);
      // Of this span or not, but not what it is.
      other.set(place, from + place + 1 + random.nextInt(500));
      for (List<Long> wrong : List.of(lost, twice, other)) {
        assertThat(census(wrong).isWhole(span(from, to))).as("seed %d: %s", seed, wrong).isFalse();
      }
    }
  }

  /** One lost and another one twice: number and sum are right, and only the third figure tells. */
  @Test
  void twoErrorsThatMakeUpForEachOtherInNumberAndSumAreSeen() {
    // 1, 2, 3, 4 as 2, 2, 3, 3.
    List<Long> offsets = List.of(2L, 2L, 3L, 3L);
    Census census = census(offsets);
    assertThat(census.rows()).isEqualTo(4);
    assertThat(census.sum()).isEqualTo(10);
    assertThat(census.isWhole(span(1, 5))).isFalse();
  }

  @Test
  void ofWhatIsWholeNobodyIsAsked() {
    // Neither the tables nor the log are there to ask.
    var gaps = new OffsetGaps(null, null, null, false, List.of(span(3, 9)));
    gaps.check(span(3, 9), census(offsets(3, 9)));
    assertThat(gaps.findings()).isEmpty();
    assertThat(gaps.expired()).isZero();
  }

  private static Span span(long from, long to) {
    return new Span(0, from, to, 0, null);
  }

  private static List<Long> offsets(long from, long to) {
    return new ArrayList<>(LongStream.range(from, to).boxed().toList());
  }

  private static Census census(Collection<Long> offsets) {
    BigInteger sum = BigInteger.ZERO;
    long xor = 0;
    for (long offset : offsets) {
      sum = sum.add(BigInteger.valueOf(offset));
      xor ^= offset;
    }
    return new Census(offsets.size(), sum, xor);
  }
}
