package io.spendwatch.loadgen.workload;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.spendwatch.loadgen.workload.WorkloadSettings.Disorder;
import io.spendwatch.loadgen.workload.WorkloadSettings.Users;
import io.spendwatch.protocol.Balance;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The spend of users who never breach, whatever order their records come in and however long it
 * goes on: their balance is more than any number of purchases that they can make within 24 h
 * ({@link #BALANCE_MINOR}), and refunds only lower an exposure. For one thread.
 */
public final class Background {

  private static final int AMOUNT_MINOR_MAX = 10_000;

  /**
   * Covers 10¹³ purchases of the largest amount: more than a hundred million a second for 24 h, all
   * of one user. A hundred times less than what a 64-bit sum can hold.
   */
  static final long BALANCE_MINOR = 10_000_000_000_000L * AMOUNT_MINOR_MAX;

  /** From how many of the latest purchases refunds are drawn. */
  private static final int REFUNDABLE = 1_024;

  private final WorkloadSettings settings;
  private final SplittableRandom random;
  private final String userIdPrefix;

  /** Of the users that are not hot; null where all of those are alike. */
  private final Zipf zipf;

  private final int[] purchaseUsers = new int[REFUNDABLE];
  private final long[] purchaseNumbers = new long[REFUNDABLE];

  /** 0 where it has been refunded. */
  private final int[] purchaseAmountsMinor = new int[REFUNDABLE];

  private long purchases;

  Background(WorkloadSettings settings, SplittableRandom random) {
    this.settings = settings;
    this.random = random;
    this.userIdPrefix = settings.idPrefix() + "u";
    Users users = settings.users();
    this.zipf =
        users.zipfExponent() == 0
            ? null
            : new Zipf(users.count() - users.hotCount(), users.zipfExponent());
  }

  Stream<Balance> accounts(long asOfMs) {
    return IntStream.range(0, settings.users().count())
        .mapToObj(
            user -> new Balance(userId(user), null, BALANCE_MINOR, settings.currency(), asOfMs));
  }

  /**
   * The next transaction, a purchase or a refund of one before.
   *
   * @param number it will have, by which a refund refers to it
   */
  Spend next(long number, long dueMs) {
    int slot = random.nextInt(REFUNDABLE);
    boolean refund =
        random.nextDouble() < settings.refundShare() && purchaseAmountsMinor[slot] != 0;
    int user;
    int amountMinor;
    long original = Spend.NO_ORIGINAL;
    if (refund) {
      user = purchaseUsers[slot];
      amountMinor = purchaseAmountsMinor[slot];
      original = purchaseNumbers[slot];
      purchaseAmountsMinor[slot] = 0;
    } else {
      user = anyUser();
      amountMinor = 1 + random.nextInt(AMOUNT_MINOR_MAX);
      int into = (int) (purchases++ % REFUNDABLE);
      purchaseUsers[into] = user;
      purchaseNumbers[into] = number;
      purchaseAmountsMinor[into] = amountMinor;
    }
    return new Spend(
        userId(user).getBytes(US_ASCII),
        refund ? -amountMinor : amountMinor,
        dueMs - anyOlderMs(),
        original,
        null,
        null);
  }

  private int anyUser() {
    Users users = settings.users();
    if (users.hotCount() > 0 && random.nextDouble() < users.hotShare()) {
      return random.nextInt(users.hotCount());
    }
    int others = users.count() - users.hotCount();
    return users.hotCount() + (zipf == null ? random.nextInt(others) : zipf.draw(random));
  }

  /** 0 for a record in order. */
  private long anyOlderMs() {
    Disorder disorder = settings.disorder();
    return disorder.share() > 0 && random.nextDouble() < disorder.share()
        ? 1 + random.nextLong(disorder.spreadMs())
        : 0;
  }

  private String userId(int user) {
    return userIdPrefix + user;
  }
}
