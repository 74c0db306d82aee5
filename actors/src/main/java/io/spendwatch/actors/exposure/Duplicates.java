package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ports.History.TransactionKey;
import io.spendwatch.protocol.Transaction;
import org.jspecify.annotations.Nullable;

/**
 * Whether a transaction has been counted before. The window knows fingerprints only: without one of
 * them the id is certainly new, with one the primary key of what is stored decides. Stateless.
 */
final class Duplicates {

  private Duplicates() {}

  /**
   * Looks for the transaction among what has been counted.
   *
   * @param tooLate the window does not know ids as old as this one
   * @return null where {@code facts} must learn more first
   */
  static @Nullable Boolean find(
      ExposureWindow window, Transaction transaction, boolean tooLate, Facts facts) {
    long[] suspects = window.timesOf(fingerprint(transaction.transactionId()));
    if (suspects.length == 0 && !tooLate) {
      return false;
    }
    if (facts.hasCounted(transaction.transactionId())) {
      return true;
    }
    boolean unknown = false;
    for (long timeMs : suspects) {
      Boolean stored = isStored(transaction, timeMs, facts);
      if (stored == null) {
        unknown = true;
      } else if (stored) {
        return true;
      }
    }
    if (tooLate) {
      Boolean stored = isStored(transaction, transaction.eventTimeMs(), facts);
      if (stored == null) {
        unknown = true;
      } else if (stored) {
        return true;
      }
    }
    return unknown ? null : false;
  }

  private static @Nullable Boolean isStored(Transaction transaction, long atMs, Facts facts) {
    return facts.stored(
        new TransactionKey(transaction.userId(), atMs, transaction.transactionId()));
  }

  /** 32 bits of a transaction id; equal ids have equal ones. */
  static int fingerprint(String transactionId) {
    long hash = 0;
    for (int i = 0; i < transactionId.length(); i++) {
      hash = (hash ^ transactionId.charAt(i)) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 32;
    }
    return (int) (hash ^ hash >>> 29);
  }
}
