package io.spendwatch.loadgen.oracle;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;

/**
 * An alert that must come, in all that the transactions and balances alone decide: two alerts are
 * the same when these are equal.
 *
 * @param transactionId at which the episode opened or ended; null where a balance did, or entries
 *     left the window between two transactions
 * @param eventTimeMs of the start or end, milliseconds since the epoch
 * @param exposureMinor over (eventTime − 24 h, eventTime], minor units
 * @param balanceMinor what it is held against, minor units
 * @param late whether only what came out of order reveals it
 * @param cause null where a transaction RAISED it
 */
public record KnownAlert(
    AlertType type,
    String userId,
    String transactionId,
    long eventTimeMs,
    long exposureMinor,
    long balanceMinor,
    boolean late,
    AlertCause cause) {

  /** What is known of an alert that has come. */
  public static KnownAlert of(Alert alert) {
    return new KnownAlert(
        alert.type(),
        alert.userId(),
        alert.transactionId(),
        alert.eventTimeMs(),
        alert.exposureMinor(),
        alert.balanceMinor(),
        alert.late(),
        alert.cause());
  }
}
