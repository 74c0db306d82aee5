package io.spendwatch.actors.partition;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WatchedUsersTest {
  private static final long NEVER = Long.MAX_VALUE;

  private static final int USERS_MAX = 20;

  private final WatchedUsers watched = new WatchedUsers(USERS_MAX);

  @BeforeEach
  void hasFoundWhoeverWasThere() {
    watched.seek();
    watched.found();
  }

  @Test
  void knowsNothingOfAnybodyInTheBeginning() {
    WatchedUsers anew = new WatchedUsers(USERS_MAX);
    assertThat(anew.isSomebodyMissed(Long.MIN_VALUE)).isTrue();
    assertThat(anew.sinceMs("a")).isEqualTo(Long.MIN_VALUE);
    anew.seek();
    assertThat(anew.seeksEverybody()).isTrue();
    assertThat(anew.sinceMs("a")).isEqualTo(Long.MIN_VALUE);
    anew.found();
    assertThat(anew.isSomebodyMissed(NEVER)).isFalse();
    assertThat(anew.sinceMs("a")).isEqualTo(NEVER);
  }

  @Test
  void whoHasAnotherIdByNowIsLookedAtUnderThatAsFarBack() {
    watched.watch("a", 100, 5);
    watched.takeOver("a", "z");
    assertThat(watched.userIds()).containsExactly("z");
    assertThat(watched.sinceMs("z")).isEqualTo(5);
    assertThat(takeDue(1)).containsExactly("z");
  }

  @Test
  void holdsThoseOfTenTimesAsManyWhoAreDueNextAndKnowsWhenTheFirstOfTheOthersIs() {
    List<Integer> instants = IntStream.range(0, 10 * USERS_MAX).boxed().collect(toList());
    Collections.shuffle(instants, new Random(1));
    for (int atMs : instants) {
      watched.watch("user-" + atMs, atMs, atMs - 1000);
      assertThat(watched.userIds()).hasSizeLessThanOrEqualTo(USERS_MAX);
    }
    assertThat(takeDue(USERS_MAX))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, USERS_MAX).mapToObj(atMs -> "user-" + atMs).toList());
    assertThat(watched.isSomebodyMissed(USERS_MAX)).isFalse();
    assertThat(watched.isSomebodyMissed(USERS_MAX + 1)).isTrue();
    assertThat(watched.sinceMs("user-100")).as("or earlier").isLessThanOrEqualTo(100 - 1000);
    watched.seek();
    assertThat(watched.soughtVersionsFromMs()).isEqualTo(USERS_MAX);
    assertThat(watched.sinceMs("user-100")).as("until found").isLessThanOrEqualTo(100 - 1000);
    watched.found();
    assertThat(watched.sinceMs("user-100")).isEqualTo(NEVER);
  }

  @Test
  void hasRoomForWhoeverIsFoundAgainBesideThoseWhoAreDueLater() {
    for (int i = 0; i < 2 * USERS_MAX; i++) {
      watched.watch("later-" + i, 100, 1);
    }
    assertThat(watched.room()).isEqualTo(USERS_MAX / 2);
    for (int i = 0; i < USERS_MAX / 2; i++) {
      watched.recall("found-" + i, 1, NEVER);
    }
    assertThat(watched.room()).isZero();
    assertThat(takeDue(100)).hasSize(USERS_MAX / 2).allMatch(user -> user.startsWith("found-"));
    assertThat(watched.room()).isEqualTo(USERS_MAX / 2);
  }

  @Test
  void missesAtOnceWhoeverWasDueAtOnce() {
    for (int i = 0; i <= USERS_MAX; i++) {
      watched.lookAt("user-" + i, 7);
    }
    assertThat(watched.isSomebodyMissedAtOnce()).isTrue();
    assertThat(takeDue(0)).hasSize(USERS_MAX);
  }

  @Test
  void remembersHowFarBackAnybodyReachesWhoWasLetGoWhileNeverDue() {
    watched.watch("unreadable", NEVER, 3);
    for (int i = 0; i < USERS_MAX; i++) {
      watched.lookAt("user-" + i, 7);
    }
    assertThat(watched.contains("unreadable")).isFalse();
    assertThat(watched.isSomebodyMissed(NEVER)).isFalse();
    assertThat(watched.sinceMs("unreadable")).isEqualTo(3);
  }

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
