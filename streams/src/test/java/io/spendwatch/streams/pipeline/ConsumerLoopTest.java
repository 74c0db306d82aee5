package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.streams.kafka.OffsetNote;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** The loop where all goes well. */
class ConsumerLoopTest extends ConsumerLoopBed {
  @Test
  void readsOnFromWhatIsCommittedAndInTheOrderOfTheLog() {
    consumer.committed = Map.of(P0, new OffsetAndMetadata(3, OffsetNote.of(7)));
    run(() -> assign(P0), () -> produce(P0, 0, 40), () -> assertTaken(P0, 3, 40));
    assertThat(lives.get(P0)).hasSize(1);
    assertThat(life(P0).kafka)
        .isEqualTo(new SourceState("id-1", 0, 40, OptionalLong.of(3), OptionalLong.of(7)));
  }

  @Test
  void takesWhatCameSinceTogetherWithWhatTheClientHadFetchedAhead() {
    loop = loop(config("15 ms"));
    run(
        () -> assign(P0),
        () -> produce(P0, 0, 4),
        () -> assertTaken(P0, 0, 4),
        () -> assertThat(life(P0).polls).containsExactly(2, 2));
  }

  @Test
  void losesNothingWhereTheSecondLookFails() {
    loop = loop(config("15 ms"));
    run(
        () -> assign(P0),
        () -> {
          produce(P0, 0, 1);
          consumer.script.addFirst(
              () -> consumer.setPollException(new TimeoutException("no answer")));
        },
        () -> assertTaken(P0, 0, 1),
        () -> {
          produce(P0, 1, 2);
          consumer.script.addFirst(consumer::wakeup);
        },
        () -> assertTaken(P0, 0, 2),
        () -> {
          produce(P0, 2, 3);
          consumer.script.addFirst(
              () -> consumer.setPollException(new OffsetOutOfRangeException(Map.of(P0, 3L))));
        },
        () -> assertTaken(P0, 0, 3),
        () -> assertThat(lives.get(P0)).hasSize(1));
  }

  @Test
  void readsNoFurtherAheadThanItsQueueAndGoesOnPollingForTheOthers() {
    run(
        () -> assign(P0, P1),
        () -> {
          life(P0).isBlocked = true;
          produce(P0, 0, 50);
          produce(P1, 0, 50);
        },
        () -> assertTaken(P1, 0, 50),
        () -> {
          assertThat(consumer.paused()).containsExactly(P0);
          // Queued, and one that is under way.
          assertThat(consumer.position(P0)).isLessThanOrEqualTo(CONFIG.queuedPollsMax() + 2);
          life(P0).release();
        },
        () -> assertTaken(P0, 0, 50),
        () -> assertThat(consumer.paused()).isEmpty());
  }

  @Test
  void finishesWhatIsInFlightBeforeAPartitionIsGivenAway() {
    run(
        () -> assign(P0, P1),
        () -> {
          life(P0).isBlocked = true;
          produce(P0, 0, 1);
        },
        () -> {
          await().until(() -> !life(P0).taken.isEmpty());
          time.patience = PATIENCE;
          kit.system()
              .scheduler()
              .scheduleOnce(
                  Duration.ofMillis(50), life(P0)::release, kit.system().executionContext());
          assign(P1);
          time.patience = Duration.ZERO;
          assertThat(life(P0).reason()).isEqualTo("drained");
          assertThat(life(P0).finished).hasSize(1);
          assertThat(loop.status()).extracting(PartitionStatus::partition).containsExactly(1);
          assertThat(life(P1).isLive()).isTrue();
        });
  }

  @Test
  void givesAPartitionAwayInAnyCaseOnceTheTimeForItIsOver() {
    run(
        () -> assign(P0),
        () -> {
          life(P0).isBlocked = true;
          produce(P0, 0, 1);
        },
        () -> {
          await().until(() -> !life(P0).taken.isEmpty());
          long beforeNanos = time.nanoTime();
          assign();
          assertThat(time.nanoTime() - beforeNanos).isEqualTo(CONFIG.drainTimeout().toNanos());
          assertThat(life(P0).reason()).startsWith("not drained within");
        });
  }

  @Test
  void endsAtOnceWhatTheGroupHasGivenToAnother() {
    run(
        () -> assign(P0, P1),
        () -> {
          consumer.listener.onPartitionsLost(List.of(P0));
          assertThat(life(P0).reason()).startsWith("lost");
          assertThat(life(P1).isLive()).isTrue();
        });
  }

  @Test
  void isWokenByWhatItIsGivenAndWaitsLongForRecordsOnlyWhereNothingElseIsToBeDone() {
    Duration brief = Duration.ofMillis(100);
    Duration patient = Duration.ofMillis(500);
    run(
        () -> assertThat(consumer.timeouts).containsOnly(brief),
        () -> assign(P0, P1),
        () -> {
          assertThat(consumer.wakeups).isPositive();
          assertThat(consumer.timeouts.getLast()).as("both are read").isEqualTo(patient);
          life(P0).failsWith = new IllegalStateException("broken");
          produce(P0, 0, 1);
        },
        () -> await().until(() -> !life(P0).isLive()),
        () -> {
          assertThat(consumer.timeouts.getLast()).as("one waits to begin").isEqualTo(brief);
          time.pass(Duration.ofSeconds(2));
          consumer.timeouts.clear();
        },
        () -> assertThat(consumer.timeouts.getLast()).as("begun anew").isEqualTo(patient));
  }
}
