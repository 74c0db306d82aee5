package io.spendwatch.ops.status;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * How rounds of the archive stand, as the database has it noted.
 *
 * @param holder who is at one; null for nobody
 * @param completedAt when all steps of one were last done; null for never
 * @param dueAt when the next one is due; null where nobody has said that there are any
 * @param steps in their order
 */
public record RoundsStatus(String holder, Instant completedAt, Instant dueAt, List<Step> steps) {

  public RoundsStatus {
    steps = Objects.requireNonNullElse(steps, List.of());
  }

  /** What became of a step. */
  public enum State {
    /** It was not its turn yet. */
    NEVER,
    RUNNING,
    DONE,
    /** For something, or for a step before it. */
    WAITING,
    /** It is tried again. */
    FAILED
  }

  /**
   * A step.
   *
   * @param step its name
   * @param reason what was done, what it waits for, or what has failed, for people; null for none
   * @param begunAt of its last run; null for none
   * @param tookMs of its last run that has ended, milliseconds; null for none
   * @param doneAt when it was last done; null for never
   * @param retryAt when it is tried again; null for with the next round
   */
  public record Step(
      String step,
      State state,
      String reason,
      Instant begunAt,
      Long tookMs,
      Instant doneAt,
      Instant retryAt) {}
}
