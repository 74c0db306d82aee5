package io.spendwatch.streams.capture;

import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.streams.capture.change.LogPosition;
import java.util.Optional;

/** What comes of a change: something for one of our topics. */
public sealed interface Captured {

  /** Which pair of topics it is about: the records, and the dead letters of those. */
  enum Kind {
    TRANSACTIONS,
    BALANCES
  }

  /** A record of the transactions, valid by the contract. */
  record OfTransaction(Transaction transaction) implements Captured {}

  /** A record of the balances, valid by the contract. */
  record OfBalance(Balance balance) implements Captured {}

  /**
   * A dead letter.
   *
   * @param userId the key; empty where it is not known
   * @param value JSON: the record as it would have been sent, where there is one (to put the letter
   *     back sends it), else the mapped columns of the row
   * @param message for people
   */
  record PutAside(
      Kind kind,
      Optional<String> userId,
      String value,
      DeadLetterReason reason,
      String message,
      String table,
      LogPosition at)
      implements Captured {}
}
