package io.spendwatch.loadgen;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
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
 * <p>Exposures are known for any order of arrival; alerts only where each user's transactions
 * arrive in the order of their event time. For one thread.
 */
final class Oracle {

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

  /**
   * An alert that must come.
   *
   * @param transactionId null where entries left the window between two transactions
   * @param cause null for RAISED
   */
  record KnownAlert(
      AlertType type,
      String userId,
      String transactionId,
      long eventTimeMs,
      long exposureMinor,
      long balanceMinor,
      AlertCause cause) {}

  private final Map<String, User> users = new HashMap<>();
  private final List<KnownAlert> alerts = new ArrayList<>();
  private boolean inOrder = true;

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
    if (eventTimeMs < latestMs) {
      inOrder = false;
    } else {
      clearBetween(user, latestMs, eventTimeMs);
    }
    user.insert(transaction);
    var counted = new Counted(user.exposureMinor(eventTimeMs), user.balanceMinor);
    if (counted.balanceMinor() != null && counted.breach() != user.inEpisode) {
      user.inEpisode = counted.breach();
      alerts.add(
          new KnownAlert(
              counted.breach() ? AlertType.RAISED : AlertType.CLEARED,
              transaction.userId(),
              transaction.transactionId(),
              eventTimeMs,
              counted.exposureMinor(),
              counted.balanceMinor(),
              counted.breach() ? null : causeOf(transaction)));
    }
    return counted;
  }

  private static AlertCause causeOf(Transaction transaction) {
    return switch (transaction.kind()) {
      case REFUND -> AlertCause.REFUND;
      // A purchase ends an episode only together with entries that leave at its very instant.
      case PURCHASE -> AlertCause.EXPIRY;
    };
  }

  /**
   * All alerts, in the order in which they become known: those of the last episodes' ends come
   * last.
   *
   * @throws IllegalStateException if some user's transactions came out of order
   */
  List<KnownAlert> alerts() {
    if (!inOrder) {
      throw new IllegalStateException("alerts are not known for transactions out of order");
    }
    for (User user :
        users.values().stream().sorted((a, b) -> a.userId.compareTo(b.userId)).toList()) {
      clearBetween(user, user.latestMs(), Long.MAX_VALUE);
    }
    return List.copyOf(alerts);
  }

  /** Ends the user's episode if entries that leave at an instant in (fromMs, toMs) end it. */
  private void clearBetween(User user, long fromMs, long toMs) {
    if (!user.inEpisode) {
      return;
    }
    for (Transaction leaving : user.byEventTime) {
      long leavesAtMs = leaving.eventTimeMs() + Alert.WINDOW_MS;
      if (fromMs < leavesAtMs && leavesAtMs < toMs) {
        long exposureMinor = user.exposureMinor(leavesAtMs);
        if (exposureMinor <= user.balanceMinor) {
          user.inEpisode = false;
          alerts.add(
              new KnownAlert(
                  AlertType.CLEARED,
                  user.userId,
                  null,
                  leavesAtMs,
                  exposureMinor,
                  user.balanceMinor,
                  AlertCause.EXPIRY));
          return;
        }
      }
    }
  }

  private User user(String userId) {
    return users.computeIfAbsent(userId, User::new);
  }

  private static final class User {
    private final String userId;
    private final Set<String> transactionIds = new HashSet<>();
    private final List<Transaction> byEventTime = new ArrayList<>();
    private Long balanceMinor;
    private boolean inEpisode;

    User(String userId) {
      this.userId = userId;
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

    /** Signed sum over (atMs − 24 h, atMs], from the latest back to the first that is too old. */
    long exposureMinor(long atMs) {
      long sumMinor = 0;
      for (Transaction transaction : byEventTime.reversed()) {
        if (transaction.eventTimeMs() <= atMs - Alert.WINDOW_MS) {
          break;
        }
        if (transaction.eventTimeMs() <= atMs) {
          sumMinor = Math.addExact(sumMinor, transaction.signedAmountMinor());
        }
      }
      return sumMinor;
    }
  }
}
