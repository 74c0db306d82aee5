package io.spendwatch.ops.storage.rollups;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long NOW_MS = 1_700_000_000_000L;

  private final RollupsConfig config =
      RollupsConfig.from(ConfigFactory.load("spendwatch.conf").resolve());

  private final Pace pace = new Pace(config, 0);
  private long nowNanos;

  @Test
  void looksAtOnceAndThenOnlyForWhatThisNodeHasWritten() {
    List<PartitionStatus> quiet = List.of(partition(7, 0));
    assertThat(isDue(quiet)).as("at the start").isTrue();
    look(Duration.ZERO, true, quiet);

    assertThat(isDue(quiet)).as("nothing written").isFalse();
    assertThat(isDue(List.of(partition(8, 0)))).as("a row").isTrue();
    assertThat(isDue(List.of())).as("other partitions").isTrue();
  }

  @Test
  void looksAfterAWhileForWhatOthersHaveWritten() {
    List<PartitionStatus> quiet = List.of(partition(7, 0));
    look(Duration.ZERO, true, quiet);

    nowNanos += Duration.ofSeconds(5).toNanos() - 1;
    assertThat(isDue(quiet)).isFalse();
    nowNanos++;
    assertThat(isDue(quiet)).isTrue();
  }

  @Test
  void missesNothingThatIsWrittenDuringALook() {
    pace.begins(List.of(partition(7, 0)), nowNanos);
    pace.ended(true, nowNanos);

    assertThat(isDue(List.of(partition(9, 0)))).isTrue();
  }

  @Test
  void goesOnWhereSomethingWasLeft() {
    List<PartitionStatus> quiet = List.of(partition(7, 0));
    look(Duration.ZERO, false, quiet);

    assertThat(isDue(quiet)).isTrue();
  }

  @Test
  void restsAfterWorkAndLongerWithABacklog() {
    assertThat(restAfterASecond(0)).isEqualTo(Duration.ofMillis(250));
    assertThat(restAfterASecond(2_000)).as("not behind yet").isEqualTo(Duration.ofMillis(250));
    assertThat(restAfterASecond(2_001)).isEqualTo(Duration.ofSeconds(19));
  }

  @Test
  void restsForABacklogWhileItIsThere() {
    List<PartitionStatus> behind = List.of(partition(7, 2_001));
    look(Duration.ofSeconds(1), false, behind);

    nowNanos += Duration.ofSeconds(18).toNanos();
    assertThat(isDue(behind)).isFalse();
    assertThat(isDue(List.of(partition(8, 0)))).as("it has come after").isTrue();

    look(Duration.ofSeconds(1), false, List.of(partition(8, 0)));
    nowNanos += Duration.ofSeconds(2).toNanos();
    assertThat(isDue(behind)).as("one that has come since").isFalse();
  }

  private boolean isDue(List<PartitionStatus> partitions) {
    return pace.isDue(partitions, nowNanos, NOW_MS);
  }

  /** Whole milliseconds. */
  private Duration restAfterASecond(long lagMs) {
    List<PartitionStatus> working = List.of(partition(7, 0), partition(7, lagMs));
    look(Duration.ofSeconds(1), false, working);
    long restMs = 0;
    while (!pace.isDue(working, nowNanos + Duration.ofMillis(restMs + 1).toNanos() - 1, NOW_MS)) {
      restMs++;
    }
    nowNanos += Duration.ofMillis(restMs).toNanos();
    return Duration.ofMillis(restMs);
  }

  private void look(Duration takes, boolean foundAll, List<PartitionStatus> partitions) {
    pace.begins(partitions, nowNanos);
    nowNanos += takes.toNanos();
    pace.ended(foundAll, nowNanos);
  }

  private static PartitionStatus partition(long transactions, long lagMs) {
    return new PartitionStatus(
        "transactions",
        0,
        PartitionStatus.State.RUNNING,
        1,
        0,
        lagMs == 0 ? 0 : 1,
        NOW_MS - lagMs,
        NOW_MS,
        NOW_MS,
        0,
        0,
        Optional.empty(),
        transactions,
        0,
        Map.of(),
        0,
        0);
  }
}
