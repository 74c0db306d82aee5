package io.spendwatch.actors.exposure;

import io.spendwatch.actors.exposure.Transition.At;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.AlertCause;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A point of evaluation: an instant at which the exposure or the balance changed, and what they
 * were then.
 *
 * @param kind what happened
 * @param transaction which one was counted, if any
 * @param isRefund whether it was a refund
 * @param exposureMinor over (at − 24 h, at], minor units
 * @param transactions how many the exposure sums
 * @param balance in force; null where there is no account
 */
record Point(
    long atMs,
    Kind kind,
    At transaction,
    boolean isRefund,
    long exposureMinor,
    int transactions,
    @Nullable AccountBalance balance) {

  /** What can happen at a point, in the order in which it does within an instant. */
  enum Kind {
    /** Transactions left the window, and none came at that instant. */
    EXPIRY,
    /** A transaction was counted; what left at its instant left with the first one there. */
    TRANSACTION,
    /** A version of the balance begins. */
    VERSION
  }

  /** Number of the version that begins here. */
  long version() {
    return Objects.requireNonNull(balance, "a version").version();
  }

  boolean isBreach() {
    return balance != null && balance.isExceededBy(exposureMinor);
  }

  /** Whether an episode begins here where none is open. */
  boolean opens() {
    return isBreach()
        && switch (kind) {
          case EXPIRY -> false;
          case TRANSACTION -> true;
          case VERSION -> transactions > 0;
        };
  }

  /** What the alert of an episode that begins here says. */
  @Nullable AlertCause causeOfStart() {
    return kind == Kind.VERSION ? AlertCause.BALANCE : null;
  }

  /** What the alert of an episode that ends here says. */
  AlertCause causeOfEnd() {
    return switch (kind) {
      case EXPIRY -> AlertCause.EXPIRY;
      case TRANSACTION -> isRefund ? AlertCause.REFUND : AlertCause.EXPIRY;
      case VERSION -> AlertCause.BALANCE;
    };
  }
}
