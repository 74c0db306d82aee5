package io.spendwatch.loadgen;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The rule, written so plainly that it is obviously right, and apart from the code that it judges:
 * every answer is summed anew from the list of what has arrived. Balances are constant.
 *
 * <p>Transactions may arrive in any order. Where they arrive out of order, the alerts are those of
 * a user whose idle episodes nobody has ended meanwhile: in earnest, other users' transactions move
 * the time on that ends them, which the oracle does not look at. For one thread.
 */
final class Oracle {

  private static final long OPEN = Long.MAX_VALUE;

  /** What became of one arrival. */
  sealed interface Arrival {}

  /**
   * It counts.
   *
   * @param exposureMinor over (t − 24 h, t] at its own event time t, as known at its arrival
   * @param balanceMinor null without an account
   */
  record Counted(long exposureMinor, Long balanceMinor) implements Arrival {
    boolean breach() {
      return balanceMinor != null && exposureMinor > balanceMinor;
    }
  }

  /** The same transaction of the same user was there before. */
  record Duplicate() implements Arrival {}

  private final Map<String, User> users = new HashMap<>();
  private final List<KnownAlert> alerts = new ArrayList<>();

  /** Sets a user's balance, before the user's first transaction. */
  void account(String userId, long balanceMinor) {
    user(userId).balanceMinor = balanceMinor;
  }

  /** Takes the next transaction in order of arrival. */
  Arrival arrive(Transaction transaction) {
    User user = user(transaction.userId());
    if (!user.transactionIds.add(transaction.transactionId())) {
      return new Duplicate();
    }
    long latestMs = user.latestMs();
    long eventTimeMs = transaction.eventTimeMs();
    boolean late = eventTimeMs < latestMs;
    boolean tooLate = late && eventTimeMs <= latestMs - Alert.WINDOW_MS;
    if (!late) {
      clearBetween(user, latestMs, eventTimeMs);
    }
    user.insert(transaction);
    var counted = new Counted(user.exposureMinor(eventTimeMs), user.balanceMinor);
    if (user.balanceMinor != null) {
      var here = new Point(eventTimeMs, transaction, counted.exposureMinor());
      if (late && !tooLate) {
        review(user, here);
      } else if (!late && counted.breach() != user.inEpisode()) {
        announce(user, here, false);
      }
    }
    return counted;
  }

  /**
   * All alerts, in the order in which they become known: those of the last episodes' ends come
   * last.
   */
  List<KnownAlert> alerts() {
    for (User user :
        users.values().stream().sorted((a, b) -> a.userId.compareTo(b.userId)).toList()) {
      clearBetween(user, user.latestMs(), Long.MAX_VALUE);
    }
    return alertsSoFar();
  }

  /** The alerts that the arrivals so far have led to. */
  List<KnownAlert> alertsSoFar() {
    return List.copyOf(alerts);
  }

  /** Ends the user's episode if entries that leave at an instant in (fromMs, toMs) end it. */
  private void clearBetween(User user, long fromMs, long toMs) {
    if (user.inEpisode()) {
      Point end = user.firstExpiryWithoutBreach(fromMs, toMs);
      if (end != null) {
        announce(user, end, false);
      }
    }
  }

  /**
   * Holds the breaches, found anew with the late transaction, against the episodes as announced.
   * Each announced episode belongs to the first breach that it overlaps; what one of them has
   * announced stays, and only the difference is announced.
   */
  private void review(User user, Point late) {
    List<Episode> announced = new ArrayList<>(user.episodes);
    announced.removeIf(episode -> episode.endMs <= late.atMs());
    for (Breach breach : user.breaches()) {
      if (breach.endMs() <= late.atMs()) {
        continue;
      }
      List<Episode> its = announced.stream().filter(breach::overlaps).toList();
      announced.removeAll(its);
      long coveredToMs = its.stream().mapToLong(e -> e.endMs).max().orElse(Long.MIN_VALUE);
      if (coveredToMs == OPEN) {
        if (breach.end() != null) {
          announce(user, breach.end(), true);
        }
      } else if (breach.endMs() > coveredToMs) {
        Episode open = user.setOpenAside();
        announce(user, user.startOf(breach, Math.max(coveredToMs, late.atMs())), true);
        if (breach.end() != null) {
          announce(user, breach.end(), true);
          user.resume(open);
        }
      }
    }
    if (user.inEpisode() && announced.contains(user.episodes.getLast())) {
      long startMs = user.episodes.getLast().startMs;
      announce(user, new Point(startMs, late.transaction(), user.exposureMinor(startMs)), true);
    }
  }

  /** Opens an episode where none is open; ends the open one. */
  private void announce(User user, Point at, boolean late) {
    boolean raised = !user.inEpisode();
    if (raised) {
      user.episodes.add(new Episode(at.atMs()));
    } else {
      user.episodes.getLast().endMs = at.atMs();
    }
    alerts.add(
        new KnownAlert(
            raised ? AlertType.RAISED : AlertType.CLEARED,
            user.userId,
            at.transaction() == null ? null : at.transaction().transactionId(),
            at.atMs(),
            at.exposureMinor(),
            user.balanceMinor,
            late,
            raised ? null : causeOf(at.transaction())));
  }

  private static AlertCause causeOf(Transaction transaction) {
    // A purchase ends an episode only together with entries that leave at its very instant.
    return transaction != null && transaction.kind() == TransactionKind.REFUND
        ? AlertCause.REFUND
        : AlertCause.EXPIRY;
  }

  private User user(String userId) {
    return users.computeIfAbsent(userId, User::new);
  }

  /** An episode as announced: [startMs, endMs). */
  private static final class Episode {
    private final long startMs;
    private long endMs = OPEN;

    Episode(long startMs) {
      this.startMs = startMs;
    }
  }

  /** An instant; the transaction is null where entries leave between two transactions. */
  private record Point(long atMs, Transaction transaction, long exposureMinor) {}

  /** A maximal interval in breach; {@code end} is null where only transactions to come end it. */
  private record Breach(Point start, Point end) {
    long endMs() {
      return end == null ? OPEN : end.atMs();
    }

    boolean overlaps(Episode episode) {
      return episode.startMs < endMs() && start.atMs() < episode.endMs;
    }
  }

  private static final class User {
    private final String userId;
    private final Set<String> transactionIds = new HashSet<>();
    private final List<Transaction> byEventTime = new ArrayList<>();

    /** In the order in which they were announced; the open one is the last. */
    private final List<Episode> episodes = new ArrayList<>();

    private Long balanceMinor;

    User(String userId) {
      this.userId = userId;
    }

    boolean inEpisode() {
      return !episodes.isEmpty() && episodes.getLast().endMs == OPEN;
    }

    /** Takes the open episode away, so that an older one can be announced; null for none. */
    Episode setOpenAside() {
      return inEpisode() ? episodes.removeLast() : null;
    }

    void resume(Episode open) {
      if (open != null) {
        episodes.add(open);
      }
    }

    long latestMs() {
      return byEventTime.isEmpty() ? Long.MIN_VALUE : byEventTime.getLast().eventTimeMs();
    }

    /** After all that are as old or older: ties stay in the order of arrival. */
    void insert(Transaction transaction) {
      int at = byEventTime.size();
      while (at > 0 && byEventTime.get(at - 1).eventTimeMs() > transaction.eventTimeMs()) {
        at--;
      }
      byEventTime.add(at, transaction);
    }

    /** Signed sum over (atMs − 24 h, atMs]. */
    long exposureMinor(long atMs) {
      return exposureMinor(atMs, byEventTime.size());
    }

    /** Of the first {@code count} only; from the latest back to the first that is too old. */
    private long exposureMinor(long atMs, int count) {
      long sumMinor = 0;
      for (Transaction transaction : byEventTime.subList(0, count).reversed()) {
        if (transaction.eventTimeMs() <= atMs - Alert.WINDOW_MS) {
          break;
        }
        if (transaction.eventTimeMs() <= atMs) {
          sumMinor = Math.addExact(sumMinor, transaction.signedAmountMinor());
        }
      }
      return sumMinor;
    }

    /**
     * The first instant in (fromMs, toMs) at which entries leave and no breach is left; null for
     * none.
     */
    Point firstExpiryWithoutBreach(long fromMs, long toMs) {
      for (Transaction leaving : byEventTime) {
        long leavesAtMs = leaving.eventTimeMs() + Alert.WINDOW_MS;
        if (fromMs < leavesAtMs && leavesAtMs < toMs) {
          long exposureMinor = exposureMinor(leavesAtMs);
          if (exposureMinor <= balanceMinor) {
            return new Point(leavesAtMs, null, exposureMinor);
          }
        }
      }
      return null;
    }

    /** All breaches up to the latest transaction; each begins at a transaction. */
    List<Breach> breaches() {
      List<Breach> found = new ArrayList<>();
      Point start = null;
      long beforeMs = Long.MIN_VALUE;
      for (int i = 0; i < byEventTime.size(); i++) {
        Transaction next = byEventTime.get(i);
        long atMs = next.eventTimeMs();
        Point end = start == null ? null : firstExpiryWithoutBreach(beforeMs, atMs);
        if (end != null) {
          found.add(new Breach(start, end));
          start = null;
        }
        var here = new Point(atMs, next, exposureMinor(atMs, i + 1));
        boolean breach = here.exposureMinor() > balanceMinor;
        if (breach && start == null) {
          start = here;
        } else if (!breach && start != null) {
          found.add(new Breach(start, here));
          start = null;
        }
        beforeMs = atMs;
      }
      if (start != null) {
        found.add(new Breach(start, null));
      }
      return found;
    }

    /**
     * Where that part of a breach begins that is not before the instant: at a transaction, or else
     * at the instant.
     */
    Point startOf(Breach breach, long fromMs) {
      if (breach.start().atMs() >= fromMs) {
        return breach.start();
      }
      for (Transaction transaction : byEventTime) {
        long atMs = transaction.eventTimeMs();
        if (fromMs <= atMs && atMs < breach.endMs()) {
          return new Point(atMs, transaction, exposureMinor(atMs));
        }
      }
      return new Point(fromMs, null, exposureMinor(fromMs));
    }
  }
}
