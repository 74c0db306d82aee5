package io.spendwatch.streams.life;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.streams.life.PartitionStatus.State;
import java.time.Duration;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class PartitionProgressTest {
  private static final Duration AFTER = Duration.ofMillis(30);

  private final PartitionProgress progress =
      new PartitionProgress(new TopicPartition("transactions", 3), 1_000);

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
    progress.read(5, 1_200);
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
    progress.read(5, 1_200);
    progress.claimed(3, OptionalLong.of(400));
    progress.readToEnd(1_210);
    assertThat(progress.idleMs(AFTER)).isZero();
  }

  @Test
  void isWaitingWhileSomethingIsWaitedFor() {
    progress.is(State.RUNNING);
    progress.waitsFor("PostgreSQL");
    assertThat(progress.status().state()).isEqualTo(State.WAITING);
    assertThat(progress.status().waitingFor()).isEqualTo("PostgreSQL");
    progress.waitsFor(null);
    assertThat(progress.status().state()).isEqualTo(State.RUNNING);
  }

  @Test
  void lagsBehindTheEndUntilWhatItHasReadIsPublished() {
    assertThat(progress.status().lagRecords()).isEqualTo(-1);
    progress.startsAt(10);
    progress.read(14, 1_200);
    progress.unread(6);
    assertThat(progress.status().lagRecords()).isEqualTo(10);
    progress.readToEnd(1_300);
    assertThat(progress.status().lagRecords()).isEqualTo(4);
    progress.published(14, 0, 0, 0);
    assertThat(progress.status().lagRecords()).isZero();
  }
}
