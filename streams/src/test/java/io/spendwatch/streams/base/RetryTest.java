package io.spendwatch.streams.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RetryTest {
  private static final BackOff BACK_OFF = new BackOff(Duration.ofMillis(1), Duration.ofMillis(2));

  private static final Timekeeper TIME = Timekeeper.real(InstantSource.system());

  private final AtomicInteger tries = new AtomicInteger();
  private final List<String> heard = Collections.synchronizedList(new ArrayList<>());
  private final Retry.Listener listener =
      new Retry.Listener() {
        @Override
        public void failed(Throwable cause, int failures) {
          heard.add(cause.getMessage() + failures);
        }

        @Override
        public void recovered(int failures) {
          heard.add("recovered" + failures);
        }
      };

  @Test
  void triesUntilItSucceeds() {
    assertThat(start(3, new IOException("away"), Integer.MAX_VALUE))
        .succeedsWithin(Duration.ofSeconds(5))
        .isEqualTo("done");
    assertThat(heard).containsExactly("away1", "away2", "recovered2");
  }

  @Test
  void tellsNobodyWhenTheFirstTrySucceeds() {
    assertThat(start(1, new IOException("away"), Integer.MAX_VALUE)).isCompletedWithValue("done");
    assertThat(heard).isEmpty();
  }

  @Test
  void givesUpAtOnceOnWhatIsNotTransient() {
    assertThat(start(2, new IllegalStateException("broken"), Integer.MAX_VALUE))
        .failsWithin(Duration.ofSeconds(5))
        .withThrowableThat()
        .havingCause()
        .withMessage("broken");
    assertThat(tries).hasValue(1);
  }

  @Test
  void endsWhenNobodyWantsItAnyMore() {
    CompletableFuture<String> result = start(Integer.MAX_VALUE, new IOException("away"), 5);
    assertThat(result).failsWithin(Duration.ofSeconds(5));
    assertThat(result.handle((_, failure) -> Retry.cause(failure)).join())
        .isInstanceOf(CancellationException.class);
    assertThat(tries).hasValue(5);
  }

  @Test
  void treatsAThrownExceptionLikeAFailedStage() {
    CompletionStage<String> result =
        Retry.start(
            () -> {
              throw new IllegalStateException("thrown");
            },
            BACK_OFF,
            TIME,
            IOException.class::isInstance,
            () -> true,
            listener);
    assertThat(result).failsWithin(Duration.ofSeconds(5));
  }

  @Test
  void hasWordsForEveryFailure() {
    assertThat(Retry.reason(new CompletionException(new IOException("broken pipe"))))
        .isEqualTo("broken pipe");
    assertThat(Retry.reason(new CompletionException(new TimeoutException())))
        .isEqualTo("no answer in time");
    assertThat(Retry.reason(new ClosedChannelException())).isEqualTo("ClosedChannelException");
  }

  private CompletableFuture<String> start(int succeedsAt, Exception failure, int wantedTries) {
    return Retry.start(
            () ->
                tries.incrementAndGet() >= succeedsAt
                    ? CompletableFuture.completedFuture("done")
                    : CompletableFuture.<String>failedFuture(failure),
            BACK_OFF,
            TIME,
            IOException.class::isInstance,
            () -> tries.get() < wantedTries,
            listener)
        .toCompletableFuture();
  }
}
