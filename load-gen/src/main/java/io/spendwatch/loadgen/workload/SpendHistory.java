package io.spendwatch.loadgen.workload;

import io.spendwatch.loadgen.dataset.DataSet.Account;
import io.spendwatch.loadgen.oracle.Oracle;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Random histories with the traps that a window can fall into: several transactions in one
 * millisecond, entries exactly 24 h apart and a millisecond to either side of it, refunds,
 * exposures that equal the balance, users with many times the usual traffic, and users without an
 * account. The same settings and seed give the same history.
 *
 * @param accounts of most users
 * @param arrivals in the order of arrival, duplicates included
 */
public record SpendHistory(List<Account> accounts, List<Transaction> arrivals) {

  public static final String CURRENCY = "USD";

  private static final long START_MS = Instant.parse("2026-01-01T00:00:00Z").toEpochMilli();

  private static final double WITHOUT_ACCOUNT_SHARE = 0.03;
  private static final double HOT_TRAFFIC_SHARE = 0.3;
  private static final int USERS_PER_HOT_ONE = 50;
  private static final double TIE_SHARE = 0.05;
  private static final double ECHO_SHARE = 0.08;

  /** All amounts of every other user are multiples of it, so that sums meet balances exactly. */
  private static final long ROUND_MINOR = 1_000;

  private static final long AMOUNT_MINOR_MAX = 20_000;

  /** Balances are up to so many times what their user spends in 24 h on average. */
  private static final int BALANCE_TIMES_USUAL = 4;

  /**
   * What to generate.
   *
   * @param span from the first transaction to about the last
   * @param refundShare of the transactions, 0 to 1
   * @param disorderShare of the transactions that arrive later than their event time, 0 to 1
   * @param disorderMax how much later they arrive at most
   * @param duplicateShare of the transactions that arrive twice, 0 to 1
   */
  public record Settings(
      int users,
      int transactions,
      Duration span,
      double refundShare,
      double disorderShare,
      Duration disorderMax,
      double duplicateShare,
      long seed) {}

  public static SpendHistory generate(Settings settings) {
    return new Generator(settings).generate();
  }

  /** A transaction at the time at which it arrives, in event time. */
  private record Arrival(long atMs, Transaction transaction) {}

  /** A transaction to come, for the user and at the instant. */
  private record Echo(long atMs, int user) {}

  private static final class Generator {
    private final Settings settings;
    private final SplittableRandom random;
    private final PriorityQueue<Echo> echoes =
        new PriorityQueue<>(Comparator.comparingLong(Echo::atMs).thenComparingInt(Echo::user));
    private final Transaction[] latestPurchases;

    Generator(Settings settings) {
      this.settings = settings;
      this.random = new SplittableRandom(settings.seed());
      this.latestPurchases = new Transaction[settings.users()];
    }

    SpendHistory generate() {
      List<Account> accounts = new ArrayList<>();
      for (int user = 0; user < settings.users(); user++) {
        long balanceMinor = amountMinor(user, BALANCE_TIMES_USUAL * usualMinor(user));
        if (random.nextDouble() >= WITHOUT_ACCOUNT_SHARE) {
          accounts.add(new Account(userId(user), "User " + user, balanceMinor, balanceMinor));
        }
      }
      List<Arrival> arrivals = new ArrayList<>();
      for (Transaction transaction : inOrder()) {
        arrive(transaction, arrivals);
      }
      // Stable: what arrives at the same time stays in the order of event time.
      arrivals.sort(Comparator.comparingLong(Arrival::atMs));
      return new SpendHistory(accounts, arrivals.stream().map(Arrival::transaction).toList());
    }

    private void arrive(Transaction transaction, List<Arrival> arrivals) {
      long atMs = transaction.eventTimeMs();
      if (random.nextDouble() < settings.disorderShare()) {
        atMs += random.nextLong(settings.disorderMax().toMillis() + 1);
      }
      arrivals.add(new Arrival(atMs, transaction));
      if (random.nextDouble() < settings.duplicateShare()) {
        arrivals.add(new Arrival(atMs + random.nextLong(2 * Oracle.WINDOW_MS), transaction));
      }
    }

    private List<Transaction> inOrder() {
      List<Transaction> transactions = new ArrayList<>(settings.transactions());
      // Twice the mean, because gaps are drawn evenly from zero on.
      long gapBoundMs = 2 * settings.span().toMillis() / settings.transactions() + 1;
      long nowMs = START_MS;
      int user = 0;
      while (transactions.size() < settings.transactions()) {
        if (!transactions.isEmpty() && random.nextDouble() >= TIE_SHARE) {
          nowMs += random.nextLong(gapBoundMs);
          user = anyUser();
        }
        while (!echoes.isEmpty()
            && echoes.peek().atMs() <= nowMs
            && transactions.size() < settings.transactions()) {
          Echo echo = echoes.remove();
          transactions.add(next(transactions.size(), echo.user(), echo.atMs()));
        }
        if (transactions.size() < settings.transactions()) {
          transactions.add(next(transactions.size(), user, nowMs));
          if (random.nextDouble() < ECHO_SHARE) {
            // Exactly 24 h later, or a millisecond before or after.
            echoes.add(new Echo(nowMs + Oracle.WINDOW_MS + random.nextInt(-1, 2), user));
          }
        }
      }
      return transactions;
    }

    private int hotUsers() {
      return 1 + (settings.users() - 1) / USERS_PER_HOT_ONE;
    }

    private int anyUser() {
      return random.nextInt(
          random.nextDouble() < HOT_TRAFFIC_SHARE ? hotUsers() : settings.users());
    }

    /** What the user spends in 24 h on average, roughly, minor units. */
    private long usualMinor(int user) {
      double windows = Math.max(1.0, (double) settings.span().toMillis() / Oracle.WINDOW_MS);
      double transactions =
          settings.transactions()
              / windows
              * ((1 - HOT_TRAFFIC_SHARE) / settings.users()
                  + (user < hotUsers() ? HOT_TRAFFIC_SHARE / hotUsers() : 0));
      return Math.max(AMOUNT_MINOR_MAX / 2, (long) (transactions * AMOUNT_MINOR_MAX / 2));
    }

    private Transaction next(int number, int user, long eventTimeMs) {
      Transaction refunded =
          random.nextDouble() < settings.refundShare() ? latestPurchases[user] : null;
      boolean whole = isRound(user) || random.nextBoolean();
      var transaction =
          new Transaction(
              "sp-" + number,
              userId(user),
              refunded == null
                  ? amountMinor(user, AMOUNT_MINOR_MAX)
                  : whole ? refunded.amountMinor() : 1 + refunded.amountMinor() / 2,
              CURRENCY,
              eventTimeMs,
              refunded == null ? TransactionKind.PURCHASE : TransactionKind.REFUND,
              "merchant " + random.nextInt(100),
              refunded == null ? null : refunded.transactionId());
      latestPurchases[user] = refunded == null ? transaction : null;
      return transaction;
    }

    private long amountMinor(int user, long maxMinor) {
      return isRound(user)
          ? ROUND_MINOR * (1 + random.nextLong(maxMinor / ROUND_MINOR))
          : 1 + random.nextLong(maxMinor);
    }

    private static boolean isRound(int user) {
      return user % 2 == 0;
    }

    private static String userId(int user) {
      return "u" + user;
    }
  }
}
