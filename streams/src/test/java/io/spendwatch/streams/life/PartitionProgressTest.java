package io.spendwatch.streams.life;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.life.PartitionStatus.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class PartitionProgressTest {
  private static final Duration AFTER = Duration.ofMillis(30);

  private final CountedMetrics metrics = new CountedMetrics();
  private final PartitionProgress progress =
      new PartitionProgress(new TopicPartition("transactions", 3), metrics, 1_000);

  @Test
  void isIdleOnlyAsFarAsTheBrokerHasSaidSo() {
    assertThat(progress.idleMs(AFTER)).isZero();
    progress.readToEnd(1_030);
    assertThat(progress.idleMs(AFTER)).isZero();
    progress.readToEnd(1_031);
    assertThat(progress.idleMs(AFTER)).isEqualTo(31);
  }

  @Test
  void isIdleNoMoreOnceARecordHasCome() {
    progress.readToEnd(1_100);
    progress.read(5, 1_150, 1_200);
    assertThat(progress.idleMs(AFTER)).isZero();
  }

  @Test
  void isIdleSinceTheLastWriteOfAnEarlierOwner() {
    progress.claimed(2, OptionalLong.of(400));
    progress.readToEnd(1_000);
    assertThat(progress.idleMs(AFTER)).isEqualTo(600);
  }

  @Test
  void isNotIdleSinceAnEarlierWriteOnceItHasReadItself() {
    progress.read(5, 1_150, 1_200);
    progress.claimed(3, OptionalLong.of(400));
    progress.readToEnd(1_210);
    assertThat(progress.idleMs(AFTER)).isZero();
  }

  @Test
  void isWaitingWhileSomethingIsWaitedFor() {
    progress.is(State.RUNNING);
    progress.waitsFor("PostgreSQL");
    assertThat(progress.status().state()).isEqualTo(State.WAITING);
    assertThat(progress.status().waitingFor()).hasValue("PostgreSQL");
    progress.goesOn();
    assertThat(progress.status().state()).isEqualTo(State.RUNNING);
  }

  @Test
  void lagsBehindTheEndUntilWhatItHasReadIsPublished() {
    assertThat(progress.status().lagRecords()).isEqualTo(-1);
    progress.startsAt(10);
    progress.read(14, 1_150, 1_200);
    progress.unread(6);
    assertThat(progress.status().lagRecords()).isEqualTo(10);
    progress.readToEnd(1_300);
    assertThat(progress.status().lagRecords()).isEqualTo(4);
    progress.published(14, 1_160, List.of(), Map.of(), 1_300);
    assertThat(progress.status().lagRecords()).isZero();
  }

  @Test
  void isBehindByTheTimestampOfTheOldestRecordThatIsNotPublished() {
    assertThat(progress.status().lagMs(5_000)).isNegative();
    progress.startsAt(10);
    progress.unread(8);
    assertThat(progress.status().lagMs(5_000)).isNegative();
    progress.read(14, 1_150, 1_200);
    assertThat(progress.status().lagMs(5_000)).isEqualTo(3_850);
    progress.read(18, 1_180, 1_220);
    progress.unread(0);
    assertThat(progress.status().lagMs(5_000)).isEqualTo(3_850);
    progress.published(14, 1_170, List.of(), Map.of(), 1_300);
    assertThat(progress.status().lagMs(5_000)).isEqualTo(3_830);
    progress.published(18, 1_190, List.of(), Map.of(), 1_300);
    assertThat(progress.status().lagMs(5_000)).isZero();
    // What came after a long rest has not waited for as long as that.
    progress.read(19, 4_990, 5_000);
    progress.unread(0);
    assertThat(progress.status().lagMs(5_000)).isEqualTo(10);
  }

  @Test
  void isNotBehindByWhatARecordWithoutATimestampSays() {
    progress.startsAt(10);
    progress.read(11, -1, 1_200);
    progress.unread(0);
    assertThat(progress.status().lagMs(1_300)).isEqualTo(100);
  }

  @Test
  void tellsTheMetricsWhatItCounts() {
    progress.wrote(Map.of(Verdict.CLEAR, 3L, Verdict.BREACH, 1L), 2);
    progress.published(
        5,
        1_160,
        List.of(
            new PublishedAlert(AlertType.RAISED, true, 1_100),
            new PublishedAlert(AlertType.CLEARED, false, PublishedAlert.OF_NO_RECORD)),
        Map.of(DeadLetterReason.BAD_ID, 2, DeadLetterReason.INTERNAL_ERROR, 1),
        1_130);
    progress.putAside(Map.of("u1", 3));
    progress.putAside(Map.of());
    PartitionStatus status = progress.status();
    assertThat(status.transactions()).isEqualTo(4);
    assertThat(status.duplicates()).isEqualTo(2);
    assertThat(status.alerts()).isEqualTo(2);
    assertThat(status.deadLetters()).isEqualTo(3);
    assertThat(status.internalErrors()).isEqualTo(1);
    assertThat(status.deadLettersByReason())
        .isEqualTo(Map.of(DeadLetterReason.BAD_ID, 2L, DeadLetterReason.INTERNAL_ERROR, 1L));
    assertThat(metrics.counts())
        .isEqualTo(
            Map.of(
                "stored CLEAR", 3L,
                "stored BREACH", 1L,
                "duplicates", 2L,
                "alerts RAISED late", 1L,
                "alerts CLEARED", 1L,
                "dead letters transactions BAD_ID", 2L,
                "dead letters transactions INTERNAL_ERROR", 1L,
                "dead letters transactions of u1", 3L));
    assertThat(metrics.alertsAfterMs()).containsExactly(30L, -1L);
  }
}
