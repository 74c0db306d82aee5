package io.spendwatch.streams.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Nothing that a single time does ends the repetition, and no thread ends unseen. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PeriodicWorkTest {
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration LIMIT = Duration.ofMillis(50);

  private ActorTestKit kit;
  private ManualTime time;

  @BeforeAll
  void start() {
    kit = ActorTestKit.create(ManualTime.config());
    time = ManualTime.get(kit.system());
  }

  @AfterAll
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void goesOnAfterExceptionsErrorsAndFailures() {
    assertThat(
            times(
                () -> {
                  throw new IllegalStateException("unexpected");
                }))
        .isEqualTo(3);
    assertThat(
            times(
                () -> {
                  throw new AssertionError("unexpected");
                }))
        .isEqualTo(3);
    assertThat(times(() -> CompletableFuture.failedFuture(new IllegalStateException("failed"))))
        .isEqualTo(3);
  }

  @Test
  void isOneAtATimeUntilItsLimit() {
    var begun = new AtomicInteger();
    Cancellable work =
        PeriodicWork.start(
            kit.system(),
            "work",
            INTERVAL,
            INTERVAL,
            LIMIT,
            () -> {
              begun.incrementAndGet();
              return new CompletableFuture<>();
            });
    time.timePasses(INTERVAL);
    await().until(() -> begun.get() == 1);
    // Its limit is of real time: what hangs is given up, and the next one begins.
    await()
        .until(
            () -> {
              time.timePasses(INTERVAL);
              return begun.get() > 1;
            });
    work.cancel();
  }

  @Test
  void aThreadThatDiesIsTold() {
    var told = new CompletableFuture<String>();
    Timekeeper.real(InstantSource.system(), told::complete)
        .startThread(
            "reader",
            () -> {
              throw new StackOverflowError("too deep");
            });
    assertThat(told.orTimeout(20, TimeUnit.SECONDS).join())
        .isEqualTo("thread reader has died: java.lang.StackOverflowError: too deep");
  }

  /** How often this begins within three intervals. */
  private int times(Supplier<CompletionStage<?>> work) {
    var begun = new AtomicInteger();
    Cancellable periodic =
        PeriodicWork.start(
            kit.system(),
            "work",
            INTERVAL,
            INTERVAL,
            LIMIT,
            () -> {
              begun.incrementAndGet();
              return work.get();
            });
    for (int i = 1; i <= 3; i++) {
      int times = i;
      time.timePasses(INTERVAL);
      await().until(() -> begun.get() >= times);
    }
    periodic.cancel();
    return begun.get();
  }
}
