package io.spendwatch.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a partition's stream time alone ends, however many users there are for it. */
class PartitionTimeTest extends PartitionActorBed {
  @Test
  void endsAnIdleUsersEpisodeWhenStreamTimePassesEvenAfterARestart() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 160).run();
    partition.restart();
    partition.add("b", "t2", T0 + DAY_MS, 1);
    assertThat(partition.run().alerts()).isEmpty();
    partition.add("b", "t3", T0 + DAY_MS + 1, 1);
    assertThat(partition.run().alerts())
        .singleElement()
        .satisfies(
            cleared -> {
              assertThat(cleared.type()).isEqualTo(AlertType.CLEARED);
              assertThat(cleared.cause()).isEqualTo(AlertCause.EXPIRY);
              assertThat(cleared.eventTimeMs()).isEqualTo(T0 + DAY_MS);
              assertThat(cleared.exposureMinor()).isZero();
            });
  }

  @Test
  void anIdlePartitionsTimeMovesOn() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 160).run();
    partition.idleMs = DAY_MS;
    assertThat(partition.run().alerts()).isEmpty();
    partition.idleMs = DAY_MS + 1;
    Assessed assessed = partition.run();
    assertThat(assessed.alerts()).hasSize(1);
    assertThat(assessed.streamTimeMs()).isEqualTo(T0);
  }

  @Test
  void readsNoMoreUsersAtOnceThanItMayForTheSakeOfEpisodesThatAreDue() {
    int users = 7;
    var partition = new Pipeline(kit, 1000, 1_000_000, 2);
    for (int i = 0; i < users; i++) {
      partition.ledger.account("u" + i, 100, 1);
      partition.add("u" + i, "t" + i, T0 + i, 160);
    }
    partition.run();
    partition.restart();
    partition.add("other", "t", T0 + 2 * DAY_MS, 1);
    List<Integer> cleared = new ArrayList<>();
    for (int i = 0; i < users; i++) {
      cleared.add(partition.run().alerts().size());
    }
    assertThat(cleared).startsWith(2, 2, 2, 1, 0);
  }

  /** Ten times as many open episodes, of which some end now, some later, and nobody spends. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void endsEveryEpisodeOfTenTimesAsManyUsersAsAreWatched(boolean restarts) {
    int watchedMax = 6;
    int users = 10 * watchedMax;
    var partition = new Pipeline(kit, 3, 1_000_000, 2, watchedMax);
    for (int i = 0; i < users; i++) {
      partition.ledger.account("u" + i, 100, 1);
      partition.add("u" + i, "t" + i, T0 + (i * 37 % users) * HOUR_MS / 10, 160);
    }
    assertThat(partition.run().alerts()).hasSize(users);
    if (restarts) {
      partition.restart();
    }
    List<Alert> cleared = new ArrayList<>();
    for (int hour = 0; hour <= users / 10; hour++) {
      long nowMs = T0 + DAY_MS + hour * HOUR_MS + 1;
      partition.add("other", "hour" + hour, nowMs, 1);
      for (int tick = 0; tick < users; tick++) {
        cleared.addAll(partition.run().alerts());
      }
      assertThat(cleared)
          .as("ended until hour %d", hour)
          .hasSize(Math.min(users, hour * 10 + 1))
          .allMatch(alert -> alert.type() == AlertType.CLEARED);
    }
    assertThat(cleared).extracting(Alert::userId).doesNotHaveDuplicates();
    assertThat(cleared).allMatch(alert -> alert.cause() == AlertCause.EXPIRY);
  }

  /** Whose history is read for a transaction long after the last one. */
  @Test
  void endsTheEpisodeOfAUserWhoIsNotWatchedAtItsInstantWhenTheUserComesBackLongAfter() {
    var partition = new Pipeline(kit, 1, 1_000_000, 1, 2);
    for (int i = 0; i < 20; i++) {
      partition.ledger.account("u" + i, 100, 1);
      partition.add("u" + i, "t" + i, T0 + i, 160);
    }
    partition.run();
    partition.add("u7", "back", T0 + 9 * DAY_MS, 5);
    assertThat(partition.run().alerts())
        .filteredOn(alert -> alert.userId().equals("u7"))
        .extracting(Alert::type, Alert::eventTimeMs)
        .containsExactly(tuple(AlertType.CLEARED, T0 + 7 + DAY_MS));
  }
}
