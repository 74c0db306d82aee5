package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.ledger.TopicLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

/** How the loop goes on, or ends, where something fails. */
class ConsumerLoopFailuresTest extends ConsumerLoopBed {
  @Test
  void beginsAFailedPartitionAnewAfterAPauseAndLeavesTheOthersAlone() {
    run(
        () -> assign(P0, P1),
        () -> {
          life(P0).failsWith = new IllegalStateException("broken");
          produce(P0, 0, 1);
        },
        () -> await().until(() -> !life(P0).isLive()),
        () -> {
          assertThat(lives.get(P0)).as("not before the pause is over").hasSize(1);
          assertThat(loop.status().getFirst().waitingFor())
              .get(InstanceOfAssertFactories.STRING)
              .contains("broken");
          time.pass(CONFIG.retry().max());
        },
        () -> {
          assertThat(lives.get(P0)).hasSize(2);
          assertThat(consumer.position(P0)).as("reads again what was in flight").isZero();
          assertThat(lives.get(P1)).hasSize(1);
          assertThat(life(P1).isLive()).isTrue();
          produce(P1, 0, 3);
        },
        () -> assertTaken(P1, 0, 3));
  }

  @Test
  void tellsTheNextLifeWhichRecordsMadeOurOwnCodeFail() {
    run(
        () -> assign(P0),
        () -> {
          life(P0).failsWith = new IllegalArgumentException("poison");
          life(P0).isDefect = true;
          produce(P0, 0, 1);
        },
        () -> {
          await().until(() -> !life(P0).isLive());
          assertThat(life(P0).suspects.isCondemned(0)).isFalse();
        },
        () -> time.pass(CONFIG.retry().max()),
        () -> {
          life(P0).failsWith = new IllegalArgumentException("poison");
          life(P0).isDefect = true;
          produce(P0, 0, 1);
        },
        () -> await().until(() -> !life(P0).isLive()),
        () -> time.pass(CONFIG.retry().max()),
        () -> {
          assertThat(lives.get(P0)).hasSize(3);
          assertThat(life(P0).suspects.isCondemned(0)).isTrue();
        });
  }

  @Test
  void finishesWhatItHasReadWhereTheLogDoesNotHaveWhatIsNext() {
    run(
        () -> assign(P0),
        () -> produce(P0, 0, 2),
        () -> assertTaken(P0, 0, 2),
        () -> consumer.setPollException(new OffsetOutOfRangeException(Map.of(P0, 2L))),
        () -> {
          await().until(() -> !life(P0).isLive());
          assertThat(life(P0).reason()).isEqualTo("finished");
          assertThat(life(P0).finished).hasSize(2);
        });
  }

  @Test
  void endsWhoeverWorksUnderALayoutThatIsOver() {
    run(
        () -> assign(P0, P1),
        () -> {
          life(P0).pipelineLife.progress().worksUnder(1);
          life(P1).pipelineLife.progress().worksUnder(2);
          watch.seen(new TopicLayout(2, 2, List.of(1), Optional.empty()));
        },
        () -> {
          assertThat(life(P0).reason()).contains("layout");
          assertThat(life(P1).isLive()).isTrue();
        });
  }

  @Test
  void endsWhoeverReadsATopicThatWasMadeAnew() {
    run(
        () -> assign(P0),
        () -> {
          topicId = "id-2";
          time.pass(CONFIG.endOffsetInterval());
        },
        () -> assertThat(life(P0).reason()).contains("made anew"),
        () -> time.pass(CONFIG.retry().max()),
        () -> assertThat(life(P0).kafka.topicId()).isEqualTo("id-2"));
  }

  @Test
  void beginsWithANewConsumerWhereReadingFails() {
    var second = new ScriptedConsumer(TOPIC);
    consumers = List.<Consumer<byte[], byte[]>>of(consumer, second).iterator();
    script(
        consumer,
        () -> assign(P0),
        () -> {
          consumer.setPollException(new KafkaException("no broker"));
        });
    script(
        second,
        () -> {
          assertThat(life(P0).reason()).isEqualTo("reading failed");
          assertThat(loop.waitingFor()).get(InstanceOfAssertFactories.STRING).contains("no broker");
          assertThat(loop.status()).isEmpty();
          loop.stop();
        });
    loop.start();
    time.runThread();
    assertThat(consumer.closed()).isTrue();
    assertThat(second.closed()).isTrue();
  }

  @Test
  void endsAllOfItsPartitionsAndSaysThatItIsOverWhereAnErrorEndsTheThread() {
    script(
        consumer,
        () -> assign(P0),
        () -> {
          throw new NoClassDefFoundError("of some library");
        });
    loop.start();
    assertThatThrownBy(time::runThread).isInstanceOf(NoClassDefFoundError.class);
    assertThat(life(P0).reason()).isEqualTo("reading has ended");
    assertThat(loop.stop()).isCompleted();
  }

  @Test
  void tellsOfAnErrorThatEndsTheThread() {
    CompletableFuture<String> death = new CompletableFuture<>();
    Timekeeper.real(time, death::complete)
        .startThread(
            "spendwatch-consumer",
            () -> {
              script(
                  consumer,
                  () -> {
                    throw new NoClassDefFoundError("of some library");
                  });
              loop.start();
              time.runThread();
            });
    assertThat(death)
        .succeedsWithin(PATIENCE)
        .asString()
        .contains("spendwatch-consumer", "NoClassDefFoundError");
  }
}
