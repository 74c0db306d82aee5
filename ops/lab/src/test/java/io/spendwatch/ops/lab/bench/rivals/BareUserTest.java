package io.spendwatch.ops.lab.bench.rivals;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BareUserTest {
  private static final long T = 1_780_000_000_000L;

  @Test
  void sumsExactlyWhatTheWindowHolds() {
    long seed = System.nanoTime();
    var random = new SplittableRandom(seed);
    var user = new BareUser(Long.MAX_VALUE, 1);
    List<long[]> all = new ArrayList<>();
    long timeMs = T;
    for (int i = 0; i < 2_000; i++) {
      timeMs += random.nextLong(ExposureWindow.WINDOW_MS / 40);
      long amountMinor = random.nextLong(-500, 1_000);
      all.add(new long[] {timeMs, amountMinor});
      long nowMs = timeMs;
      List<long[]> inside =
          all.stream().filter(entry -> entry[0] > nowMs - ExposureWindow.WINDOW_MS).toList();
      assertThat(user.add(timeMs, amountMinor))
          .as("seed %d, entry %d", seed, i)
          .isEqualTo(inside.stream().mapToLong(entry -> entry[1]).sum());
      assertThat(user.entries()).as("seed %d, entry %d", seed, i).isEqualTo(inside.size());
    }
    assertThat(user.entries()).isGreaterThan(16);
  }

  @Test
  void forgetsAnEntryExactly24HoursOld() {
    var user = new BareUser(0, 1);
    long _ = user.add(T, 100);
    assertThat(user.add(T + ExposureWindow.WINDOW_MS - 1, 1)).isEqualTo(101);
    assertThat(user.add(T + ExposureWindow.WINDOW_MS, 1)).isEqualTo(2);
  }

  @Test
  void beginsAnEpisodeAboveTheBalanceAndEndsItAtTheBalance() {
    var user = new BareUser(100, 1);
    assertThat(change(user, T, 100)).isNull();
    BareUser.Change raised = change(user, T + 1, 1);
    assertThat(raised.type()).isEqualTo(AlertType.RAISED);
    assertThat(change(user, T + 2, 1)).isNull();
    assertThat(change(user, T + 3, -2))
        .isEqualTo(new BareUser.Change(AlertType.CLEARED, raised.episodeId()));
    assertThat(change(user, T + 4, 1).episodeId()).isNotEqualTo(raised.episodeId());
  }

  @Test
  void goesOnFromItsState() {
    long seed = System.nanoTime();
    var random = new SplittableRandom(seed);
    var user = new BareUser(2_000, 1);
    BareUser restored = user;
    long timeMs = T;
    for (int i = 0; i < 500; i++) {
      timeMs += random.nextLong(ExposureWindow.WINDOW_MS / 20);
      long amountMinor = random.nextLong(-500, 600);
      var next = new BareUser(2_000, 1);
      next.restore(restored.state());
      restored = next;
      BareUser.Change expected = change(user, timeMs, amountMinor);
      assertThat(change(restored, timeMs, amountMinor))
          .as("seed %d, entry %d", seed, i)
          .isEqualTo(expected);
      assertThat(restored.entries()).as("seed %d, entry %d", seed, i).isEqualTo(user.entries());
      assertThat(restored.state()).as("seed %d, entry %d", seed, i).isEqualTo(user.state());
    }
  }

  private static BareUser.Change change(BareUser user, long timeMs, long amountMinor) {
    long _ = user.add(timeMs, amountMinor);
    return user.change(
        new Transaction(
            "t" + timeMs,
            "u",
            Math.abs(amountMinor),
            "USD",
            timeMs,
            amountMinor < 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
            null,
            null));
  }
}
