package io.spendwatch.streams.pipeline.start;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.pipeline.start.PartitionStart.Durable;
import io.spendwatch.streams.pipeline.start.PartitionStart.Loss;
import io.spendwatch.streams.pipeline.start.PartitionStart.Reason;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PartitionStartTest {
  private static final OptionalLong NONE = OptionalLong.empty();
  private static final Durable NOTHING = new Durable(Optional.empty(), NONE, NONE);

  @Test
  void beginsAtTheLogsBeginWhatNobodyHasRead() {
    PartitionStart start = PartitionStart.of(kafka(20, 30, NONE, true), NOTHING);
    assertThat(start.offset()).isEqualTo(20);
    assertThat(start.loss()).isEmpty();
    assertThat(start.isCommitted()).isFalse();
    assertThat(start.isKnown()).isFalse();
  }

  @Test
  void goesOnAsCommitted() {
    PartitionStart start = PartitionStart.of(kafka(0, 30, at(20), true), durable(25, 18));
    assertThat(start).isEqualTo(ordinary(20, 25));
  }

  @Test
  void goesOnFromWhatAnEarlierVersionHasCommitted() {
    PartitionStart start = PartitionStart.of(kafka(0, 30, at(20), true), NOTHING);
    assertThat(start.offset()).isEqualTo(20);
    assertThat(start.isKnown()).as("noted with this start").isFalse();
  }

  @Test
  void losesWhatLiesBeforeTheLogsBegin() {
    assertThat(loss(kafka(25, 30, at(20), true), durable(20, 20)))
        .isEqualTo(new Loss("t", 20, at(25), Reason.EXPIRED));
    assertThat(PartitionStart.of(kafka(25, 30, at(20), true), durable(20, 20)).offset())
        .isEqualTo(25);
  }

  @Test
  void keepsInMindWhatIsDurableBeyondWhatIsLost() {
    PartitionStart start = PartitionStart.of(kafka(25, 50, at(20), true), durable(30, 20));
    assertThat(start.offset()).isEqualTo(25);
    assertThat(start.nextOffset()).isEqualTo(30);
  }

  @Test
  void losesNothingWhereTheLogBeginsAtWhatIsCommitted() {
    assertThat(PartitionStart.of(kafka(20, 20, at(20), true), durable(20, 20)))
        .isEqualTo(ordinary(20, 20));
  }

  @Test
  void losesNothingThatWasPublishedBeforeTheOffsetWasMovedBack() {
    PartitionStart start = PartitionStart.of(kafka(10, 30, at(0), false), durable(30, 30));
    assertThat(start.offset()).isEqualTo(10);
    assertThat(start.loss()).isEmpty();
  }

  @Test
  void goesOnWhereTheTablesSayWhenNothingIsCommittedAnyMore() {
    PartitionStart start = PartitionStart.of(kafka(0, 30, NONE, true), durable(25, 18));
    assertThat(start.offset()).isEqualTo(18);
    assertThat(start.loss()).isEmpty();
    assertThat(start.remark()).isPresent();
    assertThat(loss(kafka(20, 30, NONE, true), durable(25, 18)))
        .isEqualTo(new Loss("t", 18, at(20), Reason.EXPIRED));
  }

  @Test
  void goesBackToWhatADatabaseThatWasPutBackKnows() {
    PartitionStart start = PartitionStart.of(kafka(0, 30, at(20), true), durable(12, 11));
    assertThat(start.offset()).isEqualTo(12);
    assertThat(start.rewind()).contains(new PartitionStart.Rewind(12, 20));
    assertThat(start.isCommitted()).isFalse();
    assertThat(start.loss()).isEmpty();
    assertThat(loss(kafka(15, 30, at(20), true), durable(12, 11)))
        .isEqualTo(new Loss("t", 12, at(15), Reason.EXPIRED));
  }

  @Test
  void losesWhatSomebodyHasSkipped() {
    PartitionStart start = PartitionStart.of(kafka(0, 30, at(20), false), durable(12, 12));
    assertThat(start.offset()).isEqualTo(20);
    assertThat(start.loss()).contains(new Loss("t", 12, at(20), Reason.SKIPPED));
  }

  @Test
  void readsAnotherTopicFromItsBegin() {
    Durable former = new Durable(Optional.of("former"), at(25), at(25));
    for (OptionalLong committed : new OptionalLong[] {NONE, at(25), at(3)}) {
      PartitionStart start = PartitionStart.of(kafka(0, 100, committed, true), former);
      assertThat(start.offset()).isZero();
      assertThat(start.isKnown()).isFalse();
      assertThat(start.loss()).contains(new Loss("former", 25, NONE, Reason.TOPIC_REPLACED));
    }
  }

  @Test
  void takesAnOffsetBeyondTheEndForThatOfAnotherTopicWhereNoIdIsKnown() {
    PartitionStart start = PartitionStart.of(kafka(0, 5, at(20), true), NOTHING);
    assertThat(start.offset()).isZero();
    assertThat(start.loss())
        .contains(new Loss(PartitionStart.UNKNOWN_TOPIC, 20, NONE, Reason.TOPIC_REPLACED));
  }

  @Test
  void goesOnAtTheEndOfALogThatWasCutBack() {
    PartitionStart start = PartitionStart.of(kafka(0, 15, at(20), true), durable(22, 20));
    assertThat(start.offset()).isEqualTo(15);
    assertThat(start.isKnown()).isFalse();
    assertThat(start.loss()).contains(new Loss("t", 22, NONE, Reason.LOG_TRUNCATED));
  }

  private static PartitionStart ordinary(long offset, long nextOffset) {
    return new PartitionStart(
        offset, nextOffset, Optional.empty(), Optional.empty(), Optional.empty(), true, true);
  }

  private static Loss loss(SourceState kafka, Durable durable) {
    return PartitionStart.of(kafka, durable).loss().orElseThrow();
  }

  private static SourceState kafka(long begin, long end, OptionalLong committed, boolean isOurs) {
    return new SourceState("t", begin, end, committed, isOurs ? at(7) : NONE);
  }

  private static Durable durable(long nextOffset, long publishedOffset) {
    return new Durable(Optional.of("t"), at(nextOffset), at(publishedOffset));
  }

  private static OptionalLong at(long offset) {
    return OptionalLong.of(offset);
  }
}
