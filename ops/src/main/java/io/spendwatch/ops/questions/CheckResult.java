package io.spendwatch.ops.questions;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.CheckAnswer.Outcome;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Money;

/**
 * What a transaction would do, as {@code POST /api/v1/check} answers. Times are ISO 8601 with
 * milliseconds, money is decimal; what is not known is null.
 *
 * @param outcome {@code WITHIN}, {@code EXCEEDS}, {@code NO_ACCOUNT}, {@code DUPLICATE} or {@code
 *     UNKNOWN}; the configured fallback where {@code degraded}
 * @param exposureAfter with the transaction, over the 24 h that end at its event time; of a
 *     duplicate, the user's present exposure
 * @param balance what that is held against, read for this answer
 * @param headroomAfter balance − exposureAfter
 * @param asOf when that was so, by the clock
 * @param degraded whether it could not be decided in time, and the outcome is the fallback
 * @param reason why it is degraded: {@code DEADLINE}, {@code UNAVAILABLE} or {@code NOT_READY}; of
 *     one that is not, what else there is to know: {@code TOO_LATE}, {@code LATE_BREACH}
 * @param tookMs milliseconds
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record CheckResult(
    String outcome,
    String currency,
    String exposureAfter,
    String balance,
    String headroomAfter,
    Long balanceVersion,
    String asOf,
    boolean degraded,
    String reason,
    long tookMs) {

  /** Nobody has answered before the deadline. */
  public static final String DEADLINE = "DEADLINE";

  /** What is stored could not be read. */
  public static final String UNAVAILABLE = "UNAVAILABLE";

  /** The node does not know the partitions yet. */
  public static final String NOT_READY = "NOT_READY";

  /** Decided; not of a transaction that was rejected. */
  public static CheckResult of(CheckAnswer answer, long nowMs, long tookMs) {
    AccountBalance balance = answer.balance();
    return new CheckResult(
        answer.outcome().name(),
        answer.currency(),
        answer.currency() == null ? null : Money.format(answer.exposureMinor(), answer.currency()),
        balance == null ? null : Money.format(balance.balanceMinor(), balance.currency()),
        UserAnswer.headroom(answer.exposureMinor(), balance),
        balance == null ? null : balance.version(),
        EventTime.format(nowMs),
        false,
        answer.reason(),
        tookMs);
  }

  /** Not decided, so the outcome is this one. */
  public static CheckResult degraded(String fallback, String reason, long nowMs, long tookMs) {
    return new CheckResult(
        fallback, null, null, null, null, null, EventTime.format(nowMs), true, reason, tookMs);
  }

  /** Whether the answer decides it. */
  public static boolean isDecided(CheckAnswer answer) {
    return answer.outcome() != null && answer.outcome() != Outcome.UNAVAILABLE;
  }
}
