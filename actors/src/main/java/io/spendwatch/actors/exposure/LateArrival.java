package io.spendwatch.actors.exposure;

import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.Transaction;

/** What came behind what has been looked at: the cause of a {@link LateReview}. */
sealed interface LateArrival {
  /** From where on it changes something. */
  long fromMs();

  /** For the ids of what it reveals. */
  String key();

  /** False where it may have been looked at before: no more is looked at than was then. */
  boolean isNews();

  /** A record, which the window has counted. */
  record LateTransaction(Transaction transaction) implements LateArrival {
    @Override
    public long fromMs() {
      return transaction.eventTimeMs();
    }

    @Override
    public String key() {
      return AlertIds.transaction(transaction.transactionId(), transaction.eventTimeMs());
    }

    @Override
    public boolean isNews() {
      return true;
    }
  }

  /** A version of the balance, or that a closed account is open again. */
  record LateVersion(long number, long fromMs, boolean isNews) implements LateArrival {
    @Override
    public String key() {
      return AlertIds.balanceChange(number);
    }
  }
}
