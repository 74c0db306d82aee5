package io.spendwatch.ops.rounds;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.status.RoundsStatus.State;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One round, step by step: the first that is not done ends it, and those after it wait for that
 * one. What is done again is no harm, so a round that is tried again begins at its first step. For
 * one thread.
 *
 * <pre>
 *   never ──▶ running ──▶ done
 *               │  ▲
 *               ▼  │ again, after a pause
 *        failed, waiting ◀── a step before it is not done
 * </pre>
 */
public final class Round {
  private static final Logger LOG = LoggerFactory.getLogger(Round.class);

  /** Whoever goes on need not wait. */
  private static final Duration AT_ONCE = Duration.ZERO;

  /** What a step has come to. Whatever else becomes of it is an exception. */
  sealed interface Result {
    /** It is done; what that was, for people. */
    record Done(String what) implements Result {}

    /** It cannot be done yet; why, for people. */
    record Waits(String reason) implements Result {}

    /** It was told not to go on, and has not done all. */
    record Stopped() implements Result {}
  }

  /** What a step does. */
  interface Work {
    /**
     * Does it.
     *
     * @param goesOn asked between its parts
     */
    Result work(BooleanSupplier goesOn);
  }

  /** Is told how each step that was begun has ended. */
  public interface Listener {
    void ended(RoundStep step, State state, String reason);
  }

  /**
   * How a round has ended.
   *
   * @param step the first that was not done; null where all were
   * @param state of that step
   * @param reason of that state
   */
  public record Ending(RoundStep step, State state, String reason) {
    static final Ending COMPLETE = new Ending(null, State.DONE, "");

    /** Whether all steps were done. */
    public boolean isComplete() {
      return step == null;
    }
  }

  private final Map<RoundStep, Work> works;
  private final IntFunction<Duration> pauses;
  private final Listener listener;

  /**
   * @param works of each step
   * @param pauses before the next try, by how many in a row were not done, from 1
   */
  Round(Map<RoundStep, Work> works, IntFunction<Duration> pauses, Listener listener) {
    this.works = Map.copyOf(works);
    this.pauses = pauses;
    this.listener = listener;
  }

  /**
   * Does it, and gives the turn back.
   *
   * @param goesOn asked between steps, and within them: when it is false, the round ends where
   *     nothing is half done, and whoever has the next turn goes on
   * @throws RoundTurn.LostException if the turn was lost meanwhile
   */
  Ending run(RoundTurn turn, BooleanSupplier goesOn) {
    for (RoundStep step : RoundStep.values()) {
      int tries = turn.begin(step);
      Ended ended = goesOn.getAsBoolean() ? ended(step, goesOn) : Ended.STOPPED;
      Optional<Duration> again =
          ended.state() == State.DONE
              ? Optional.empty()
              : Optional.of(ended.equals(Ended.STOPPED) ? AT_ONCE : pauses.apply(tries + 1));
      turn.end(step, ended.state(), ended.reason(), again);
      listener.ended(step, ended.state(), ended.reason());
      if (again.isPresent()) {
        for (RoundStep later : RoundStep.values()) {
          if (later.compareTo(step) > 0) {
            turn.hold(later, "for " + step.word(), again.get());
          }
        }
        turn.give(again);
        return new Ending(step, ended.state(), ended.reason());
      }
    }
    turn.give(Optional.empty());
    return Ending.COMPLETE;
  }

  private record Ended(State state, String reason) {
    static final Ended STOPPED =
        new Ended(State.WAITING, "for another node: the one that was at it is on its way out");
  }

  private Ended ended(RoundStep step, BooleanSupplier goesOn) {
    try {
      return switch (works.get(step).work(goesOn)) {
        case Result.Done(String what) -> new Ended(State.DONE, what);
        case Result.Waits(String reason) -> new Ended(State.WAITING, reason);
        case Result.Stopped() -> Ended.STOPPED;
      };
    } catch (OperatorException e) {
      return new Ended(State.FAILED, e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("A step of a round of the archive has failed unexpectedly: {}", step.word(), e);
      return new Ended(State.FAILED, e.toString());
    }
  }
}
