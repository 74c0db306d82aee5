package io.spendwatch.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class WatchedUsersTest {
  private static final long NEVER = Long.MAX_VALUE;

  private final WatchedUsers watched = new WatchedUsers();

  @Test
  void isDueOnceItsInstantHasPassedAndNotBefore() {
    watched.watch("a", 10, 1);
    assertThat(takeDue(10)).isEmpty();
    assertThat(takeDue(11)).containsExactly("a");
  }

  @Test
  void isDueOnceUntilItIsWatchedAnew() {
    watched.watch("a", 10, 1);
    assertThat(takeDue(11)).containsExactly("a");
    assertThat(takeDue(11)).isEmpty();
    watched.watch("a", 10, 1);
    assertThat(takeDue(11)).containsExactly("a");
  }

  @Test
  void onlyTheLastWordCounts() {
    watched.watch("a", 10, 1);
    watched.watch("a", 20, 1);
    watched.watch("b", 10, 1);
    watched.forget("b");
    watched.watch("c", 10, 1);
    watched.watch("c", NEVER, 1);
    assertThat(takeDue(20)).isEmpty();
    assertThat(takeDue(21)).containsExactly("a");
    assertThat(watched.userIds()).containsExactlyInAnyOrder("a", "c");
  }

  @Test
  void isLookedAtAtOnceAndAsFarBackAsItsEpisode() {
    watched.lookAt("a", 5);
    watched.watch("b", NEVER, 3);
    watched.lookAt("b", 7);
    assertThat(takeDue(0)).containsExactlyInAnyOrder("a", "b");
    assertThat(watched.sinceMs("a")).isEqualTo(5);
    assertThat(watched.sinceMs("b")).isEqualTo(3);
  }

  /** As of one who goes on spending in breach: each transaction moves the end of the episode. */
  @Test
  void takesNoMoreMemoryForWhomeverIsWatchedAnewAgainAndAgain() {
    for (int transaction = 0; transaction < 1000; transaction++) {
      for (int user = 0; user < 10; user++) {
        watched.watch("user-" + user, transaction, 1);
        watched.lookAt("user-" + user, 1);
        watched.watch("user-" + user, 5000 + transaction, 1);
      }
      assertThat(watched.queued()).isEqualTo(10);
    }
    assertThat(takeDue(NEVER)).hasSize(10);
    assertThat(watched.queued()).isZero();
    watched.watch("user-0", 1, 1);
    watched.forget("user-0");
    assertThat(watched.queued()).isZero();
  }

  @Test
  void forgetsAll() {
    watched.watch("a", 10, 1);
    watched.forgetAll();
    assertThat(takeDue(NEVER)).isEmpty();
    assertThat(watched.contains("a")).isFalse();
  }

  @Test
  void takesNoMoreThanThereIsRoomFor() {
    watched.watch("a", 10, 1);
    watched.watch("b", 11, 1);
    watched.watch("awake", 12, 1);
    watched.watch("c", 13, 1);
    Predicate<String> needsRoom = user -> !user.equals("awake");
    assertThat(watched.takeDue(NEVER, needsRoom, 0)).isEmpty();
    assertThat(watched.takeDue(NEVER, needsRoom, 2)).containsExactlyInAnyOrder("a", "b", "awake");
    assertThat(watched.takeDue(NEVER, needsRoom, 2)).containsExactly("c");
  }

  private Set<String> takeDue(long beforeMs) {
    return watched.takeDue(beforeMs, _ -> false, 0);
  }
}
