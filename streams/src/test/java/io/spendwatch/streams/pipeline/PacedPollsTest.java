package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.junit.jupiter.api.Test;

/** The pace of polls that find nothing; what is found, {@link ConsumerLoopTest} tries. */
class PacedPollsTest {
  private final ScriptTime time = new ScriptTime();
  private final StopRequest stop = new StopRequest(time);
  private final ScriptedConsumer consumer = new ScriptedConsumer("transactions");
  private final Assignment nothing = new Assignment(null, null, null, time);
  private boolean isWriting;

  @Test
  void pollsNoMoreOftenThanItIsTold() {
    PacedPolls polls = polls(Duration.ofMillis(15));
    assertThat(pauseMs(polls)).isEqualTo(15);
    time.pass(Duration.ofMillis(10));
    assertThat(pauseMs(polls)).isEqualTo(5);
    time.pass(Duration.ofMillis(20));
    assertThat(pauseMs(polls)).isZero();
  }

  @Test
  void waitsForWhatIsBeingWrittenButNotForLong() {
    PacedPolls polls = polls(Duration.ofMillis(15));
    isWriting = true;
    assertThat(pauseMs(polls)).isBetween(40L, 44L);
    isWriting = false;
    assertThat(pauseMs(polls)).isEqualTo(15);
  }

  @Test
  void waitsForNothingWhereItMayPollAtAnyTime() {
    isWriting = true;
    assertThat(pauseMs(polls(Duration.ZERO))).isZero();
  }

  @Test
  void waitsForNothingOnceItIsToStop() {
    isWriting = true;
    stop.make();
    assertThat(pauseMs(polls(Duration.ofMillis(15)))).isZero();
  }

  private PacedPolls polls(Duration intervalMin) {
    return new PacedPolls(
        intervalMin, () -> isWriting, new LogEnds(null, null, null, time), stop, time);
  }

  /** How long it waits before the next poll. */
  private long pauseMs(PacedPolls polls) {
    long beforeNanos = time.nanoTime();
    consumer.script.add(() -> {});
    List<ConsumerRecords<byte[], byte[]>> polled = polls.poll(consumer, nothing);
    assertThat(polled).singleElement().matches(ConsumerRecords::isEmpty);
    return Duration.ofNanos(time.nanoTime() - beforeNanos).toMillis();
  }
}
