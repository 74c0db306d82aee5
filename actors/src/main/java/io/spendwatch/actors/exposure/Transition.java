package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import org.jspecify.annotations.Nullable;

/**
 * An episode opens or ends: an alert in the making.
 *
 * @param episodeId deterministic
 * @param atMs event time of the start or end
 * @param transaction which one is there
 * @param exposureMinor over (at − 24 h, at], minor units
 * @param transactions how many the exposure sums
 * @param balance what the exposure was held against
 * @param late became visible only through what came behind what had been looked at
 * @param revealedBy id of the transaction that made it visible; null where it is not late, or a
 *     balance did
 * @param cause of the end; of a start BALANCE or null
 * @param offset of the record whose arrival led here; −1 where none did
 */
public record Transition(
    AlertType type,
    String episodeId,
    long atMs,
    At transaction,
    long exposureMinor,
    int transactions,
    AccountBalance balance,
    boolean late,
    @Nullable String revealedBy,
    @Nullable AlertCause cause,
    long offset) {

  /** The transaction at the instant of a transition. */
  public sealed interface At {}

  /** None: a balance changed, or transactions left. */
  public record Nobody() implements At {}

  /** This one. */
  public record Named(String transactionId) implements At {}

  /** An earlier one, whose id is not in memory: the rank-th of its instant, from 0. */
  public record Ranked(int rank) implements At {}

  static final At NOBODY = new Nobody();

  /** The transaction's id, where it is known here; else null. */
  @Nullable String transactionId() {
    return transaction instanceof Named(String id) ? id : null;
  }
}
