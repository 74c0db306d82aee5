package io.spendwatch.actors.exposure;

import io.spendwatch.actors.exposure.NaiveUser.Version;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * What has happened to a {@link NaiveUser}, whatever was announced of it: lists of all transactions
 * and versions, every figure summed anew, and the points at which the rule looks.
 */
final class NaivePast {
  static final long DAY_MS = 86_400_000L;

  enum Kind {
    EXPIRY,
    TRANSACTION,
    VERSION
  }

  record Point(
      long atMs,
      Kind kind,
      Transaction counted,
      long exposureMinor,
      int transactions,
      Version balance) {
    boolean isBreach() {
      return balance != null && !balance.closed() && exposureMinor > balance.balanceMinor();
    }

    boolean opens() {
      return isBreach() && (kind == Kind.TRANSACTION || (kind == Kind.VERSION && transactions > 0));
    }

    String cause() {
      return switch (kind) {
        case EXPIRY -> "EXPIRY";
        case TRANSACTION -> counted.kind() == TransactionKind.REFUND ? "REFUND" : "EXPIRY";
        case VERSION -> "BALANCE";
      };
    }
  }

  /** By event time, then by arrival; those that came too late are among them. */
  private final List<Transaction> all = new ArrayList<>();

  private final List<Transaction> arrived = new ArrayList<>();

  /** In their order. */
  final List<Version> versions = new ArrayList<>();

  boolean isEmpty() {
    return all.isEmpty();
  }

  /** Event time of the latest transaction; MIN_VALUE without any. */
  long latestMs() {
    return all.isEmpty() ? Long.MIN_VALUE : all.getLast().eventTimeMs();
  }

  /** Counts it, too late or not. */
  void add(Transaction transaction) {
    int place = 0;
    while (place < all.size() && all.get(place).eventTimeMs() <= transaction.eventTimeMs()) {
      place++;
    }
    all.add(place, transaction);
    arrived.add(transaction);
  }

  void add(List<Version> news) {
    versions.addAll(news);
    versions.sort(
        Comparator.comparingLong(Version::asOfMs)
            .thenComparingLong(Version::number)
            .thenComparing(Version::closed));
  }

  /** When the last version before this instant began; MIN_VALUE for none. */
  long lastBegunMs(long beforeMs) {
    return versions.stream()
        .mapToLong(Version::asOfMs)
        .filter(asOfMs -> asOfMs < beforeMs)
        .max()
        .orElse(Long.MIN_VALUE);
  }

  /** What counts under this balance; null where nothing can. */
  String currency(Version balance) {
    return balance != null ? balance.currency() : arrived.isEmpty() ? null : firstCurrency();
  }

  private String firstCurrency() {
    return arrived.getFirst().currency();
  }

  Point pointAt(long atMs) {
    Version balance = inForce(atMs);
    String currency = currency(balance);
    return new Point(atMs, Kind.VERSION, null, sum(atMs, currency), count(atMs, currency), balance);
  }

  Point pointBefore(long atMs) {
    Version balance = inForce(atMs);
    String currency = currency(balance);
    return new Point(
        atMs - 1, Kind.VERSION, null, sum(atMs - 1, currency), count(atMs - 1, currency), balance);
  }

  /** All points in [fromMs, toMs); those without a transaction only before {@code untilMs}. */
  List<Point> points(long fromMs, long untilMs, long toMs) {
    TreeSet<Long> instants = new TreeSet<>();
    for (Transaction transaction : all) {
      instants.add(transaction.eventTimeMs());
      instants.add(transaction.eventTimeMs() + DAY_MS);
    }
    versions.forEach(version -> instants.add(version.asOfMs()));
    List<Point> points = new ArrayList<>();
    for (long atMs : instants.subSet(fromMs, toMs)) {
      pointsAt(atMs, untilMs, points);
    }
    return points;
  }

  private void pointsAt(long atMs, long untilMs, List<Point> points) {
    Version balance = inForce(atMs);
    String currency = currency(balance);
    List<Transaction> here =
        all.stream().filter(t -> t.eventTimeMs() == atMs && t.currency().equals(currency)).toList();
    boolean leaves =
        all.stream()
            .anyMatch(t -> t.eventTimeMs() == atMs - DAY_MS && t.currency().equals(currency));
    long exposureMinor = sum(atMs, currency);
    int transactions = count(atMs, currency);
    for (Transaction transaction : here) {
      exposureMinor -= transaction.signedAmountMinor();
      transactions--;
    }
    if (here.isEmpty() && leaves && (atMs < untilMs || atMs <= latestMs())) {
      points.add(new Point(atMs, Kind.EXPIRY, null, exposureMinor, transactions, balance));
    }
    for (Transaction transaction : here) {
      exposureMinor += transaction.signedAmountMinor();
      transactions++;
      points.add(
          new Point(atMs, Kind.TRANSACTION, transaction, exposureMinor, transactions, balance));
    }
    if (atMs < untilMs) {
      for (Version version : versions) {
        if (version.asOfMs() == atMs) {
          points.add(
              new Point(
                  atMs,
                  Kind.VERSION,
                  null,
                  sum(atMs, version.currency()),
                  count(atMs, version.currency()),
                  version));
        }
      }
    }
  }

  Version inForce(long eventTimeMs) {
    Version inForce = versions.isEmpty() ? null : versions.getFirst();
    for (Version version : versions) {
      if (version.asOfMs() < eventTimeMs) {
        inForce = version;
      }
    }
    return inForce;
  }

  long sum(long atMs, String currency) {
    return all.stream()
        .filter(t -> t.eventTimeMs() > atMs - DAY_MS && t.eventTimeMs() <= atMs)
        .filter(t -> t.currency().equals(currency))
        .mapToLong(Transaction::signedAmountMinor)
        .sum();
  }

  int count(long atMs, String currency) {
    return (int)
        all.stream()
            .filter(t -> t.eventTimeMs() > atMs - DAY_MS && t.eventTimeMs() <= atMs)
            .filter(t -> t.currency().equals(currency))
            .count();
  }
}
