package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Verdict;
import org.jspecify.annotations.Nullable;

/** What the user's actor says of one transaction. */
public sealed interface Assessment {

  /**
   * Counted (or stored as {@link Verdict#TOO_LATE}): a row is to be written.
   *
   * @param exposureMinor over (t − 24 h, t] at the transaction's own event time t, as known at its
   *     arrival
   * @param balance what it was held against; null without an account
   * @param knownVersion highest number of a version of the balance that was known; 0 for none
   */
  record Stored(
      Verdict verdict, long exposureMinor, @Nullable AccountBalance balance, long knownVersion)
      implements Assessment {}

  /** Its row is there already: nothing is to be written. */
  record Duplicate() implements Assessment {}

  /** Bad in a way that only its user's actor can see: to the dead-letter topic. */
  record Rejected(DeadLetterReason reason, String message) implements Assessment {}
}
