package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ClusterMessage;
import io.spendwatch.actors.exposure.Assessment.Duplicate;
import io.spendwatch.actors.exposure.Assessment.Rejected;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Verdict;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction would do if it were the next record of its user.
 *
 * @param outcome null for one that only a later version knows
 * @param exposureMinor with the transaction, over the 24 h that end at its event time, minor units;
 *     of a {@link Outcome#DUPLICATE}, the user's present one
 * @param balance what that was held against; null without an account
 * @param currency of the exposure; null where there are no figures
 * @param reason a stable code: why it is rejected, or what else there is to know ({@link
 *     #TOO_LATE}, {@link #LATE_BREACH}); null for nothing
 * @param message the reason for people; null for none
 */
public record CheckAnswer(
    Outcome outcome,
    long exposureMinor,
    @Nullable AccountBalance balance,
    @Nullable String currency,
    @Nullable String reason,
    @Nullable String message)
    implements ClusterMessage {

  /** It would be 24 h or more behind the user's latest transaction, and change nothing current. */
  public static final String TOO_LATE = "TOO_LATE";

  /** Within at its own event time; but a later transaction would then have exceeded the balance. */
  public static final String LATE_BREACH = "LATE_BREACH";

  /** In one word. */
  public enum Outcome {
    /** The exposure would not be greater than the balance. */
    WITHIN,
    /** It would. */
    EXCEEDS,
    /** There is no account to hold it against. */
    NO_ACCOUNT,
    /** It has been counted before. */
    DUPLICATE,
    /** It would be a dead letter. */
    REJECTED,
    /** What is stored could not be read. */
    UNAVAILABLE,
    /** Too many such questions wait. */
    BUSY
  }

  /** Without figures. */
  public static CheckAnswer none(Outcome outcome) {
    return new CheckAnswer(outcome, 0, null, null, null, null);
  }

  /**
   * What the assessment says.
   *
   * @param now shows the user, where it is a duplicate
   * @param revealsBreach whether it would raise an alert at a later transaction
   */
  static CheckAnswer of(
      Assessment assessment, String currency, Supplier<UserView> now, boolean revealsBreach) {
    return switch (assessment) {
      case Stored assessed ->
          new CheckAnswer(
              outcome(assessed),
              assessed.exposureMinor(),
              assessed.balance(),
              currency,
              assessed.verdict() == Verdict.TOO_LATE
                  ? TOO_LATE
                  : revealsBreach && assessed.verdict() == Verdict.CLEAR ? LATE_BREACH : null,
              null);
      case Duplicate _ -> {
        UserView user = now.get();
        yield new CheckAnswer(
            Outcome.DUPLICATE, user.exposureMinor(), user.balance(), user.currency(), null, null);
      }
      case Rejected(DeadLetterReason reason, String message) ->
          new CheckAnswer(Outcome.REJECTED, 0, null, null, reason.name(), message);
    };
  }

  /** One that is too late has no verdict of its own, but the same two figures. */
  private static Outcome outcome(Stored assessed) {
    AccountBalance balance = assessed.balance();
    if (balance == null) {
      return Outcome.NO_ACCOUNT;
    }
    return balance.isExceededBy(assessed.exposureMinor()) ? Outcome.EXCEEDS : Outcome.WITHIN;
  }
}
