package io.spendwatch.streams.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BalanceClockTest {

  @Test
  void aBalanceHoldsFromItsCommit() {
    var clock = new BalanceClock(BalanceClock.State.INITIAL);

    assertThat(clock.asOfMs("a", 1000)).isEqualTo(1000);
    assertThat(clock.asOfMs("b", 1000)).isEqualTo(1000);
    assertThat(clock.asOfMs("a", 2000)).isEqualTo(2000);
  }

  @Test
  void thoseOfOneInstantFollowEachOther() {
    var clock = new BalanceClock(BalanceClock.State.INITIAL);

    assertThat(List.of(clock.asOfMs("a", 5), clock.asOfMs("a", 5), clock.asOfMs("a", 6)))
        .containsExactly(5L, 6L, 7L);
    assertThat(clock.asOfMs("a", 8)).isEqualTo(8);
  }

  @Test
  void aClockThatIsPutBackTurnsNothingRound() {
    var clock = new BalanceClock(BalanceClock.State.INITIAL);

    assertThat(List.of(clock.asOfMs("a", 5000), clock.asOfMs("a", 3000), clock.asOfMs("b", 3001)))
        .containsExactly(5000L, 5001L, 5000L);
  }

  @Test
  void aSnapshotOfManyUsersLeavesNoMoreThanCanBeKept() {
    var clock = new BalanceClock(BalanceClock.State.INITIAL);
    for (int user = 0; user < 100_000; user++) {
      assertThat(clock.asOfMs("u" + user, 5000)).isEqualTo(5000 + user / BalanceClock.USERS_MAX);
      assertThat(clock.state().latestMs()).hasSizeLessThanOrEqualTo(BalanceClock.USERS_MAX);
    }
    assertThat(clock.asOfMs("u7", 4000)).as("later than before").isEqualTo(5100);
    assertThat(clock.asOfMs("u8", 5100)).isEqualTo(5100);
    assertThat(clock.asOfMs("u9", 6000)).isEqualTo(6000);
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 5000})
  void growsForEachUserAndIsTheSameFromAnyPlaceThatWasKept(int users) {
    long seed = 20261129;
    var random = new Random(seed);
    record Commit(String user, long ms) {}
    List<Commit> log = new ArrayList<>();
    long ms = 1000;
    for (int i = 0; i < 2000 + 2 * users; i++) {
      // Of many users, most share an instant.
      ms += random.nextInt(users) < 5 ? random.nextInt(3) - (random.nextInt(20) == 0 ? 5 : 0) : 0;
      log.add(new Commit("u" + random.nextInt(users), ms));
    }
    var clock = new BalanceClock(BalanceClock.State.INITIAL);
    int from = random.nextInt(log.size());
    var kept = BalanceClock.State.INITIAL;
    List<Long> asOf = new ArrayList<>();
    Map<String, Long> latest = new HashMap<>();
    for (Commit commit : log) {
      if (asOf.size() == from) {
        kept = clock.state();
      }
      long at = clock.asOfMs(commit.user(), commit.ms());
      asOf.add(at);
      Long before = latest.put(commit.user(), at);
      assertThat(before == null || before < at).as("seed %d", seed).isTrue();
    }
    var again = new BalanceClock(kept);
    List<Long> replayed =
        log.subList(from, log.size()).stream()
            .map(commit -> again.asOfMs(commit.user(), commit.ms()))
            .toList();
    assertThat(replayed).isEqualTo(asOf.subList(from, log.size()));
    assertThat(clock.state().latestMs())
        .as("only those that matter")
        .hasSizeLessThanOrEqualTo(Math.min(users, BalanceClock.USERS_MAX));
  }
}
