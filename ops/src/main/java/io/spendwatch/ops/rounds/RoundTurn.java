package io.spendwatch.ops.rounds;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.status.RoundsStatus.State;
import java.time.Duration;
import java.util.Optional;

/**
 * One's turn to be at a round: what is noted of it counts only while nobody else has been given the
 * next turn. For one thread, which waits. Throws {@link LostException} when the turn was lost, and
 * {@link OperatorException} when it cannot be asked.
 */
interface RoundTurn {
  /** Somebody else may be at a round by now: whoever was leaves it to them. */
  final class LostException extends RuntimeException {
    private static final long serialVersionUID = 1;

    LostException() {
      super("the turn has run out, and somebody else may have it");
    }
  }

  /**
   * Notes that a step runs.
   *
   * @return how many tries of it in a row were not done
   */
  int begin(RoundStep step);

  /**
   * Notes how it has ended.
   *
   * @param reason for people
   * @param again after which it is tried again; empty for with the next round
   */
  void end(RoundStep step, State state, String reason, Optional<Duration> again);

  /** Notes that a step is not begun, and why. */
  void hold(RoundStep step, String reason, Duration again);

  /**
   * Gives the turn back.
   *
   * @param again after which the round is tried again; empty where it was complete
   */
  void give(Optional<Duration> again);
}
