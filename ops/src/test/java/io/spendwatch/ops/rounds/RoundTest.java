package io.spendwatch.ops.rounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.status.RoundsStatus.State;
import io.spendwatch.ops.testing.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The steps of a round, one after the other, with a table of their own and time by hand. */
class RoundTest {
  private final ManualTime time = new ManualTime();
  private final Noted noted = new Noted();
  private final List<RoundStep> worked = new ArrayList<>();
  private final Map<RoundStep, Round.Work> works = new EnumMap<>(RoundStep.class);

  RoundTest() {
    for (RoundStep step : RoundStep.values()) {
      works.put(
          step,
          _ -> {
            worked.add(step);
            return new Round.Result.Done("did " + step.word());
          });
    }
  }

  @Test
  void stepsAreDoneInTheirOrder() {
    assertThat(run().isComplete()).isTrue();
    assertThat(worked).containsExactly(RoundStep.values());
    assertThat(noted.states.values()).containsOnly(State.DONE);
    assertThat(noted.reasons).containsEntry(RoundStep.EXPORT, "did export");
    assertThat(noted.retryAt).isEmpty();
  }

  @Test
  void whatComesAfterAFailedStepWaitsForItAndItIsTriedAgainLater() {
    fail(RoundStep.EXPORT, new OperatorException("the store is full"));
    assertThat(run())
        .isEqualTo(new Round.Ending(RoundStep.EXPORT, State.FAILED, "the store is full"));
    assertThat(worked).containsExactly(RoundStep.CLOSE, RoundStep.AUDIT);
    assertThat(noted.states)
        .containsEntry(RoundStep.AUDIT, State.DONE)
        .containsEntry(RoundStep.EXPORT, State.FAILED)
        .containsEntry(RoundStep.VERIFY, State.WAITING)
        .containsEntry(RoundStep.FEATURES, State.WAITING)
        .containsEntry(RoundStep.RETENTION, State.WAITING);
    assertThat(noted.reasons).containsEntry(RoundStep.RETENTION, "for export");
    Instant first = noted.retryAt.orElseThrow();
    assertThat(first).isEqualTo(time.instant().plusSeconds(1));

    // Twice as long each time, and from the first again once it was done.
    passUntil(first);
    assertThat(run().state()).isEqualTo(State.FAILED);
    assertThat(noted.retryAt).hasValue(time.instant().plusSeconds(2));
    passUntil(noted.retryAt.orElseThrow());
    works.put(RoundStep.EXPORT, _ -> new Round.Result.Done("did export"));
    assertThat(run().isComplete()).isTrue();
    assertThat(noted.retryAt).isEmpty();
    assertThat(noted.states.values()).containsOnly(State.DONE);
    fail(RoundStep.EXPORT, new OperatorException("the store is full"));
    assertThat(run().state()).isEqualTo(State.FAILED);
    assertThat(noted.retryAt).hasValue(time.instant().plusSeconds(1));
  }

  @Test
  void whatIsWaitedForIsSaidInWords() {
    works.put(RoundStep.AUDIT, _ -> new Round.Result.Waits("no audit"));
    assertThat(run()).isEqualTo(new Round.Ending(RoundStep.AUDIT, State.WAITING, "no audit"));
    assertThat(noted.reasons)
        .containsEntry(RoundStep.AUDIT, "no audit")
        .containsEntry(RoundStep.EXPORT, "for audit");
    assertThat(noted.retryAt).hasValue(time.instant().plusSeconds(1));
  }

  /** A fault of ours ends a round, and no thread. */
  @Test
  void anUnexpectedExceptionIsAFailureToo() {
    fail(RoundStep.FEATURES, new IllegalStateException("a fault"));
    assertThat(run())
        .isEqualTo(
            new Round.Ending(
                RoundStep.FEATURES, State.FAILED, "java.lang.IllegalStateException: a fault"));
  }

  @Test
  void whoIsToldToStopBeginsNothingMore() {
    var round = new Round(works, tries -> Duration.ofSeconds(1L << (tries - 1)), (_, _, _) -> {});
    assertThat(round.run(noted, () -> worked.size() < 2))
        .returns(RoundStep.EXPORT, Round.Ending::step)
        .returns(State.WAITING, Round.Ending::state);
    assertThat(worked).containsExactly(RoundStep.CLOSE, RoundStep.AUDIT);
    assertThat(noted.retryAt).as("others need not wait").hasValue(time.instant());
  }

  @Test
  void aTurnThatWasLostEndsTheRound() {
    works.put(
        RoundStep.EXPORT,
        _ -> {
          noted.isLost = true;
          return new Round.Result.Done("too late");
        });
    assertThatThrownBy(this::run).isInstanceOf(RoundTurn.LostException.class);
    assertThat(noted.states).containsEntry(RoundStep.EXPORT, State.RUNNING);
    assertThat(worked).doesNotContain(RoundStep.VERIFY);
  }

  private Round.Ending run() {
    return new Round(works, tries -> Duration.ofSeconds(1L << (tries - 1)), (_, _, _) -> {})
        .run(noted, () -> true);
  }

  private void fail(RoundStep step, RuntimeException failure) {
    works.put(
        step,
        _ -> {
          throw failure;
        });
  }

  private void passUntil(Instant at) {
    assertThat(time.await(new CompletableFuture<>(), Duration.between(time.instant(), at)))
        .isFalse();
  }

  /** As the table notes it. */
  private final class Noted implements RoundTurn {
    private final Map<RoundStep, State> states = new EnumMap<>(RoundStep.class);
    private final Map<RoundStep, String> reasons = new EnumMap<>(RoundStep.class);
    private final Map<RoundStep, Integer> tries = new EnumMap<>(RoundStep.class);
    private Optional<Instant> retryAt = Optional.empty();
    private boolean isLost;

    @Override
    public int begin(RoundStep step) {
      note(step, State.RUNNING, "");
      return tries.getOrDefault(step, 0);
    }

    @Override
    public void end(RoundStep step, State state, String reason, Optional<Duration> again) {
      note(step, state, reason);
      tries.compute(
          step, (_, before) -> state == State.DONE ? 0 : 1 + (before == null ? 0 : before));
    }

    @Override
    public void hold(RoundStep step, String reason, Duration again) {
      note(step, State.WAITING, reason);
    }

    @Override
    public void give(Optional<Duration> again) {
      requireOurs();
      retryAt = again.map(time.instant()::plus);
    }

    private void note(RoundStep step, State state, String reason) {
      requireOurs();
      states.put(step, state);
      reasons.put(step, reason);
    }

    private void requireOurs() {
      if (isLost) {
        throw new LostException();
      }
    }
  }
}
