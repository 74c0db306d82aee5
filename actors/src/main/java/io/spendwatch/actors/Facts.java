package io.spendwatch.actors;

import io.spendwatch.actors.History.ExposureQuery;
import io.spendwatch.actors.History.TransactionKey;
import io.spendwatch.protocol.Transaction;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one user's actor has learnt from outside for one batch, and what it still has to ask. Most
 * batches ask nothing. Not thread-safe: lives in one actor, for one batch.
 */
final class Facts {

  private boolean balanceConfirmed;

  // Immutable and empty until something is asked: nearly always.
  private Map<TransactionKey, Boolean> stored = Map.of();
  private Map<ExposureQuery, Long> exposures = Map.of();

  /** Of this batch: nothing durable knows of them yet. */
  private final List<Transaction> counted = new ArrayList<>();

  private boolean balanceWanted;
  private Set<TransactionKey> storedWanted = Set.of();
  private Set<ExposureQuery> exposuresWanted = Set.of();

  /** What has to be read before the batch can go on. */
  record Wanted(boolean balance, Set<TransactionKey> stored, Set<ExposureQuery> exposures) {}

  /** What was read. */
  record Answers(
      boolean balanceRead,
      AccountBalance balance,
      Set<TransactionKey> stored,
      Map<ExposureQuery, Long> exposures) {}

  boolean balanceConfirmed() {
    return balanceConfirmed;
  }

  void confirmBalance() {
    balanceConfirmed = true;
  }

  void wantBalance() {
    balanceWanted = true;
  }

  /** Whether the transaction is stored; null while that is not known, which asks for it. */
  Boolean stored(TransactionKey key) {
    Boolean known = stored.get(key);
    if (known == null) {
      storedWanted = with(storedWanted, key);
    }
    return known;
  }

  /** The stored exposure; null while that is not known, which asks for it. */
  Long exposure(ExposureQuery query) {
    Long known = exposures.get(query);
    if (known == null) {
      exposuresWanted = with(exposuresWanted, query);
    }
    return known;
  }

  /** The transaction has been judged, and not as a duplicate. */
  void count(Transaction transaction) {
    counted.add(transaction);
  }

  /** Signed sum over (at − 24 h, at] of what this batch has counted, minor units. */
  BigInteger countedMinor(long atMs) {
    BigInteger sum = BigInteger.ZERO;
    for (Transaction transaction : counted) {
      if (transaction.eventTimeMs() <= atMs
          && transaction.eventTimeMs() > atMs - ExposureWindow.WINDOW_MS) {
        sum = sum.add(BigInteger.valueOf(transaction.signedAmountMinor()));
      }
    }
    return sum;
  }

  boolean hasCounted(String transactionId) {
    for (Transaction transaction : counted) {
      if (transaction.transactionId().equals(transactionId)) {
        return true;
      }
    }
    return false;
  }

  /** What has been asked for since the last call. */
  Wanted takeWanted() {
    var wanted = new Wanted(balanceWanted, Set.copyOf(storedWanted), Set.copyOf(exposuresWanted));
    balanceWanted = false;
    return wanted;
  }

  void learn(Answers answers) {
    if (!storedWanted.isEmpty()) {
      stored = new HashMap<>(stored);
      storedWanted.forEach(key -> stored.put(key, answers.stored().contains(key)));
      storedWanted = Set.of();
    }
    if (!exposuresWanted.isEmpty()) {
      exposures = new HashMap<>(exposures);
      exposuresWanted.forEach(query -> exposures.put(query, answers.exposures().get(query)));
      exposuresWanted = Set.of();
    }
    balanceConfirmed |= answers.balanceRead();
  }

  private static <T> Set<T> with(Set<T> set, T element) {
    Set<T> all = set.isEmpty() ? new HashSet<>() : set;
    all.add(element);
    return all;
  }
}
