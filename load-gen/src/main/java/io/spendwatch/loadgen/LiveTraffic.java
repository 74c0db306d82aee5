package io.spendwatch.loadgen;

import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Invented spend that happens now. Its users are new with each run, so that nothing from before is
 * in their windows, and it is known which of them overspend: the others are refunded before they
 * reach their balance. For one thread.
 */
final class LiveTraffic {

  private static final long AMOUNT_MINOR_MAX = 10_000;

  /** Of the users who are not to overspend; holds a hundred of their largest purchases. */
  private static final long WIDE_BALANCE_MINOR = 100 * AMOUNT_MINOR_MAX;

  /** Of the users who are to overspend; a few purchases exceed it. */
  private static final long TIGHT_BALANCE_MINOR = 2 * AMOUNT_MINOR_MAX;

  /**
   * What to invent.
   *
   * @param run begins all ids; different for each run
   * @param overspendShare of the users, 0 to 1; rounded up
   * @param refundShare of the transactions, 0 to 1
   */
  record Settings(
      String run,
      int users,
      double overspendShare,
      double refundShare,
      String currency,
      long seed) {
    int overspenders() {
      return (int) Math.ceil(users * overspendShare);
    }
  }

  private final Settings settings;
  private final SplittableRandom random;
  private final User[] users;
  private long transactions;
  private long refunds;
  private int overspent;

  LiveTraffic(Settings settings) {
    this.settings = settings;
    this.random = new SplittableRandom(settings.seed());
    this.users = new User[settings.users()];
    for (int i = 0; i < users.length; i++) {
      boolean overspends = i < settings.overspenders();
      users[i] = new User(settings.run() + "-u" + i, overspends);
    }
  }

  /** The users' accounts. */
  List<Balance> accounts(long asOfMs) {
    List<Balance> accounts = new ArrayList<>(users.length);
    for (User user : users) {
      accounts.add(
          new Balance(user.userId, null, user.balanceMinor(), settings.currency(), asOfMs));
    }
    return accounts;
  }

  /** The next transaction, of any user, at this instant. */
  Transaction next(long nowMs) {
    User user = users[random.nextInt(users.length)];
    long amountMinor =
        user.overspends
            ? TIGHT_BALANCE_MINOR / 4 + random.nextLong(TIGHT_BALANCE_MINOR / 4)
            : 1 + random.nextLong(AMOUNT_MINOR_MAX);
    TransactionKind kind = TransactionKind.PURCHASE;
    String original = null;
    if (user.latestPurchase != null && random.nextDouble() < settings.refundShare()) {
      kind = TransactionKind.REFUND;
      amountMinor = user.latestPurchase.amountMinor();
      original = user.latestPurchase.transactionId();
    } else if (!user.overspends && user.spentMinor + amountMinor > WIDE_BALANCE_MINOR) {
      kind = TransactionKind.REFUND;
      amountMinor = user.spentMinor;
    }
    var transaction =
        new Transaction(
            settings.run() + "-" + transactions,
            user.userId,
            amountMinor,
            settings.currency(),
            nowMs,
            kind,
            "m-" + random.nextInt(1_000),
            original);
    transactions++;
    refunds += kind == TransactionKind.REFUND ? 1 : 0;
    overspent += user.spend(transaction) ? 1 : 0;
    return transaction;
  }

  long transactions() {
    return transactions;
  }

  long refunds() {
    return refunds;
  }

  /** How many users have exceeded their balance so far: each must have been raised. */
  int overspent() {
    return overspent;
  }

  private static final class User {
    private final String userId;
    private final boolean overspends;
    private long spentMinor;
    private Transaction latestPurchase;
    private boolean hasOverspent;

    User(String userId, boolean overspends) {
      this.userId = userId;
      this.overspends = overspends;
    }

    long balanceMinor() {
      return overspends ? TIGHT_BALANCE_MINOR : WIDE_BALANCE_MINOR;
    }

    /** Whether this is what takes the user over the balance for the first time. */
    boolean spend(Transaction transaction) {
      spentMinor += transaction.signedAmountMinor();
      latestPurchase = transaction.kind() == TransactionKind.PURCHASE ? transaction : null;
      boolean first = !hasOverspent && spentMinor > balanceMinor();
      hasOverspent |= first;
      return first;
    }
  }
}
