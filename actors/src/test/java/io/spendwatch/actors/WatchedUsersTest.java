package io.spendwatch.actors;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WatchedUsersTest {
  private static final long NEVER = Long.MAX_VALUE;

  private final WatchedUsers watched = new WatchedUsers();

  @Test
  void isDueOnceItsInstantHasPassedAndNotBefore() {
    watched.watch("a", 10, 1);
    assertThat(watched.takeDue(10)).isEmpty();
    assertThat(watched.takeDue(11)).containsExactly("a");
  }

  @Test
  void isDueOnceUntilItIsWatchedAnew() {
    watched.watch("a", 10, 1);
    assertThat(watched.takeDue(11)).containsExactly("a");
    assertThat(watched.takeDue(11)).isEmpty();
    watched.watch("a", 10, 1);
    assertThat(watched.takeDue(11)).containsExactly("a");
  }

  @Test
  void onlyTheLastWordCounts() {
    watched.watch("a", 10, 1);
    watched.watch("a", 20, 1);
    watched.watch("b", 10, 1);
    watched.forget("b");
    watched.watch("c", 10, 1);
    watched.watch("c", NEVER, 1);
    assertThat(watched.takeDue(20)).isEmpty();
    assertThat(watched.takeDue(21)).containsExactly("a");
    assertThat(watched.userIds()).containsExactlyInAnyOrder("a", "c");
  }

  @Test
  void isLookedAtAtOnceAndAsFarBackAsItsEpisode() {
    watched.lookAt("a", 5);
    watched.watch("b", NEVER, 3);
    watched.lookAt("b", 7);
    assertThat(watched.takeDue(0)).containsExactlyInAnyOrder("a", "b");
    assertThat(watched.sinceMs("a")).isEqualTo(5);
    assertThat(watched.sinceMs("b")).isEqualTo(3);
  }

  @Test
  void forgetsAll() {
    watched.watch("a", 10, 1);
    watched.forgetAll();
    assertThat(watched.takeDue(NEVER)).isEmpty();
    assertThat(watched.contains("a")).isFalse();
  }
}
