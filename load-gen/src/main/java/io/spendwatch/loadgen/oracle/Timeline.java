package io.spendwatch.loadgen.oracle;

import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/**
 * A user's transactions and balances as known so far, and the points at which the one is held
 * against the other. For one thread.
 */
final class Timeline {

  /** Before all event times, with room to subtract from. */
  static final long ALWAYS = Long.MIN_VALUE / 2;

  /** In force for event times after the instant, up to the next one's. */
  record Version(long asOfMs, long balanceMinor) {}

  /** What a window holds. */
  record Sum(long minor, int transactions) {}

  enum Kind {
    EXPIRY,
    TRANSACTION,
    VERSION
  }

  /**
   * Where the exposure is held against a balance.
   *
   * @param transaction null where there is none
   * @param balance null without an account
   */
  record Point(long atMs, Kind kind, Transaction transaction, Sum sum, Version balance) {
    boolean breach() {
      return balance != null && sum.minor() > balance.balanceMinor();
    }

    boolean opens() {
      return breach() && kind != Kind.EXPIRY && sum.transactions() > 0;
    }

    boolean ends() {
      return !breach();
    }

    boolean isOf(Transaction late, Version version) {
      return late == null
          ? kind == Kind.VERSION && balance.equals(version)
          : late.equals(transaction);
    }

    AlertCause cause(boolean ofAnEnd) {
      return switch (kind) {
        case EXPIRY -> AlertCause.EXPIRY;
        // A purchase ends an episode only together with entries that leave at its very instant.
        case TRANSACTION ->
            !ofAnEnd
                ? null
                : transaction.kind() == TransactionKind.REFUND
                    ? AlertCause.REFUND
                    : AlertCause.EXPIRY;
        case VERSION -> AlertCause.BALANCE;
      };
    }
  }

  private final List<Transaction> byEventTime = new ArrayList<>();

  /** By instant; those of one instant in the order of arrival. */
  private final List<Version> versions = new ArrayList<>();

  boolean contains(Version version) {
    return versions.contains(version);
  }

  boolean hasVersions() {
    return !versions.isEmpty();
  }

  /**
   * After all that are as old or older.
   *
   * @return whether it is the first of all now
   */
  boolean insert(Version version) {
    int at = versions.size();
    while (at > 0 && versions.get(at - 1).asOfMs() > version.asOfMs()) {
      at--;
    }
    versions.add(at, version);
    return at == 0;
  }

  long latestMs() {
    return byEventTime.isEmpty() ? ALWAYS : byEventTime.getLast().eventTimeMs();
  }

  /** After all that are as old or older: ties stay in the order of arrival. */
  void insert(Transaction transaction) {
    int at = byEventTime.size();
    while (at > 0 && byEventTime.get(at - 1).eventTimeMs() > transaction.eventTimeMs()) {
      at--;
    }
    byEventTime.add(at, transaction);
  }

  boolean hasVersionAt(long atMs) {
    return versions.stream().anyMatch(version -> version.asOfMs() == atMs);
  }

  boolean hasVersionIn(long fromMs, long toMs) {
    return versions.stream().anyMatch(v -> fromMs <= v.asOfMs() && v.asOfMs() < toMs);
  }

  /** The last version before the event time; before all of them the first; null for none. */
  Version inForce(long eventTimeMs) {
    Version inForce = versions.isEmpty() ? null : versions.getFirst();
    for (Version version : versions) {
      if (version.asOfMs() < eventTimeMs) {
        inForce = version;
      }
    }
    return inForce;
  }

  Long balanceMinor(long eventTimeMs) {
    Version version = inForce(eventTimeMs);
    return version == null ? null : version.balanceMinor();
  }

  /** Signed, over (atMs − 24 h, atMs]. */
  Sum sum(long atMs) {
    return sum(atMs, byEventTime.size());
  }

  /** Of the first {@code count} only; from the latest back to the first that is too old. */
  private Sum sum(long atMs, int count) {
    long minor = 0;
    int transactions = 0;
    for (int i = count - 1; i >= 0; i--) {
      Transaction transaction = byEventTime.get(i);
      if (transaction.eventTimeMs() <= atMs - Oracle.WINDOW_MS) {
        break;
      }
      if (transaction.eventTimeMs() <= atMs) {
        minor = Math.addExact(minor, transaction.signedAmountMinor());
        transactions++;
      }
    }
    return new Sum(minor, transactions);
  }

  /** All points from an instant up to the end, in order; at the end only those of transactions. */
  List<Point> points(long fromMs, long toMs) {
    List<Point> points = new ArrayList<>();
    for (long atMs : instants(fromMs, toMs)) {
      List<Point> transactions = transactionPoints(atMs);
      if (transactions.isEmpty() && atMs < toMs && leavesAt(atMs)) {
        points.add(new Point(atMs, Kind.EXPIRY, null, sum(atMs), inForce(atMs)));
      }
      points.addAll(transactions);
      for (Version version : versions) {
        if (version.asOfMs() == atMs && atMs < toMs) {
          points.add(new Point(atMs, Kind.VERSION, null, sum(atMs), version));
        }
      }
    }
    return points;
  }

  private Collection<Long> instants(long fromMs, long toMs) {
    Collection<Long> instants = new TreeSet<>();
    LongConsumer add =
        atMs -> {
          if (fromMs <= atMs && atMs <= toMs) {
            instants.add(atMs);
          }
        };
    for (int i = byEventTime.size() - 1; i >= 0; i--) {
      long atMs = byEventTime.get(i).eventTimeMs();
      if (atMs + Oracle.WINDOW_MS < fromMs) {
        break;
      }
      add.accept(atMs);
      add.accept(atMs + Oracle.WINDOW_MS);
    }
    versions.forEach(version -> add.accept(version.asOfMs()));
    return instants;
  }

  private boolean leavesAt(long atMs) {
    return byEventTime.stream().anyMatch(t -> t.eventTimeMs() == atMs - Oracle.WINDOW_MS);
  }

  /** The transactions of the instant, each with those before it. */
  List<Point> transactionPoints(long atMs) {
    List<Point> points = new ArrayList<>();
    for (int i = byEventTime.size() - 1; i >= 0; i--) {
      Transaction transaction = byEventTime.get(i);
      if (transaction.eventTimeMs() < atMs) {
        break;
      }
      if (transaction.eventTimeMs() == atMs) {
        points.addFirst(
            new Point(atMs, Kind.TRANSACTION, transaction, sum(atMs, i + 1), inForce(atMs)));
      }
    }
    return points;
  }

  /** An instant at which nothing happened that still counts. */
  Point quiet(long atMs) {
    return new Point(atMs, Kind.VERSION, null, sum(atMs), inForce(atMs));
  }
}
