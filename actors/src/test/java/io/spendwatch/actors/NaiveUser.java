package io.spendwatch.actors;

import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * The rule as DESIGN states it, in the plainest way: every answer is summed from all transactions
 * so far. Slow and obviously right; shares no code with the product.
 */
final class NaiveUser {

  private static final long DAY_MS = 86_400_000L;

  /**
   * A maximal interval in breach; {@code endMs} is MAX_VALUE where only entries to come could end
   * it.
   */
  record Interval(long startMs, long endMs) {}

  private final long balanceMinor;
  private final List<Transaction> all = new ArrayList<>();

  NaiveUser(long balanceMinor) {
    this.balanceMinor = balanceMinor;
  }

  long latestMs() {
    return all.stream().mapToLong(Transaction::eventTimeMs).max().orElse(Long.MIN_VALUE);
  }

  boolean has(String transactionId) {
    return all.stream().anyMatch(t -> t.transactionId().equals(transactionId));
  }

  boolean isTooLate(long eventTimeMs) {
    return !all.isEmpty() && eventTimeMs <= latestMs() - DAY_MS;
  }

  /** Counts it and says the exposure at its event time, as known now. */
  long add(Transaction transaction) {
    all.add(transaction);
    return sum(all, transaction.eventTimeMs());
  }

  private static long sum(List<Transaction> of, long atMs) {
    return of.stream()
        .filter(t -> t.eventTimeMs() > atMs - DAY_MS && t.eventTimeMs() <= atMs)
        .mapToLong(Transaction::signedAmountMinor)
        .sum();
  }

  /** Breaches over everything so far, up to the instant (exclusive for what only expires). */
  List<Interval> breaches(long untilMs) {
    List<Transaction> ordered = new ArrayList<>(all);
    ordered.sort(Comparator.comparingLong(Transaction::eventTimeMs));
    TreeSet<Long> instants = new TreeSet<>();
    for (Transaction t : ordered) {
      instants.add(t.eventTimeMs());
      if (t.eventTimeMs() + DAY_MS < untilMs) {
        instants.add(t.eventTimeMs() + DAY_MS);
      }
    }
    List<Interval> found = new ArrayList<>();
    long startMs = Long.MIN_VALUE;
    for (long instant : instants) {
      List<Transaction> here = ordered.stream().filter(t -> t.eventTimeMs() == instant).toList();
      List<Transaction> known =
          new ArrayList<>(ordered.stream().filter(t -> t.eventTimeMs() < instant).toList());
      int steps = Math.max(1, here.size());
      for (int i = 0; i < steps; i++) {
        if (i < here.size()) {
          known.add(here.get(i));
        }
        boolean breach = sum(known, instant) > balanceMinor;
        if (breach && startMs == Long.MIN_VALUE && !here.isEmpty()) {
          startMs = instant;
        } else if (!breach && startMs != Long.MIN_VALUE) {
          found.add(new Interval(startMs, instant));
          startMs = Long.MIN_VALUE;
        }
      }
    }
    if (startMs != Long.MIN_VALUE) {
      found.add(new Interval(startMs, Long.MAX_VALUE));
    }
    return found;
  }
}
