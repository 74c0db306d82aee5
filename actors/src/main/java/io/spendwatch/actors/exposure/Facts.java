package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.ExposureQuery;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.actors.ports.History.TransactionKey;
import io.spendwatch.protocol.Transaction;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one user's actor has learnt from outside for one batch, and what it still has to ask. Most
 * batches ask nothing. Not thread-safe: lives in one actor, for one batch.
 */
public final class Facts {

  /** Versions of the balance from here on were read for this batch; none before that. */
  private long versionsReadFromMs = Long.MAX_VALUE;

  // Immutable and empty until something is asked: nearly always.
  private Map<TransactionKey, Boolean> stored = Map.of();
  private Map<ExposureQuery, Long> exposures = Map.of();
  private Map<InstantQuery, AccountBalance> inForce = Map.of();

  /** Of this batch: nothing durable knows of them yet. */
  private final List<Transaction> counted = new ArrayList<>();

  private long versionsWantedFromMs = Long.MAX_VALUE;
  private Set<TransactionKey> storedWanted = Set.of();
  private Set<ExposureQuery> exposuresWanted = Set.of();
  private Set<InstantQuery> inForceWanted = Set.of();

  /**
   * What has to be read before the batch can go on.
   *
   * @param versionsFromMs of the balance, from which instant on; {@link Long#MAX_VALUE} for none
   */
  public record Wanted(
      long versionsFromMs,
      Set<TransactionKey> stored,
      Set<ExposureQuery> exposures,
      Set<InstantQuery> inForce) {

    public boolean versions() {
      return versionsFromMs != Long.MAX_VALUE;
    }
  }

  /**
   * What was read.
   *
   * @param versions those that were wanted from {@code versionsFromMs} on
   */
  public record Answers(
      long versionsFromMs,
      List<AccountBalance> versions,
      Set<TransactionKey> stored,
      Map<ExposureQuery, Long> exposures,
      Map<InstantQuery, AccountBalance> inForce) {

    public boolean hasVersions() {
      return versionsFromMs != Long.MAX_VALUE;
    }
  }

  /** Whether all versions from this instant on are as they were when the batch was under way. */
  boolean versionsRead(long fromMs) {
    return versionsReadFromMs <= fromMs;
  }

  /** Asks for the versions from this instant on, and for those that were read before. */
  void wantVersions(long fromMs) {
    versionsWantedFromMs = Math.min(fromMs, versionsReadFromMs);
  }

  /** Whether it is known which version is in force; where not, that asks for it. */
  boolean knowsInForce(InstantQuery query) {
    boolean known = inForce.containsKey(query);
    if (!known) {
      inForceWanted = with(inForceWanted, query);
    }
    return known;
  }

  /** The version in force, once that is known; null for none. */
  @Nullable AccountBalance inForce(InstantQuery query) {
    return inForce.get(query);
  }

  /** Whether the transaction is stored; null while that is not known, which asks for it. */
  @Nullable Boolean stored(TransactionKey key) {
    Boolean known = stored.get(key);
    if (known == null) {
      storedWanted = with(storedWanted, key);
    }
    return known;
  }

  /** The stored exposure; null while that is not known, which asks for it. */
  @Nullable Long exposure(ExposureQuery query) {
    Long known = exposures.get(query);
    if (known == null) {
      exposuresWanted = with(exposuresWanted, query);
    }
    return known;
  }

  /** The transaction has been assessed, and not as a duplicate. */
  void count(Transaction transaction) {
    counted.add(transaction);
  }

  /** Signed sum over (at − 24 h, at] of what this batch has counted, minor units. */
  BigInteger countedMinor(String currency, long atMs) {
    BigInteger sum = BigInteger.ZERO;
    for (Transaction transaction : counted) {
      if (transaction.currency().equals(currency)
          && transaction.eventTimeMs() <= atMs
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
  public Wanted takeWanted() {
    var wanted =
        new Wanted(
            versionsWantedFromMs,
            Set.copyOf(storedWanted),
            Set.copyOf(exposuresWanted),
            Set.copyOf(inForceWanted));
    versionsWantedFromMs = Long.MAX_VALUE;
    return wanted;
  }

  public void learn(Answers answers) {
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
    if (!inForceWanted.isEmpty()) {
      inForce = new HashMap<>(inForce);
      inForceWanted.forEach(query -> inForce.put(query, answers.inForce().get(query)));
      inForceWanted = Set.of();
    }
    versionsReadFromMs = Math.min(versionsReadFromMs, answers.versionsFromMs());
  }

  private static <T> Set<T> with(Set<T> set, T element) {
    Set<T> all = set.isEmpty() ? new HashSet<>() : set;
    all.add(element);
    return all;
  }
}
