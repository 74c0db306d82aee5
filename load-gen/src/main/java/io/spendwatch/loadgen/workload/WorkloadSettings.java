package io.spendwatch.loadgen.workload;

import io.spendwatch.loadgen.oracle.Oracle;
import io.spendwatch.protocol.Money;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a {@link Workload} is to invent.
 *
 * @param run begins all ids: different for each run, so that nothing from before is in a window; 1
 *     to 32 letters, digits and hyphens
 * @param currency of all amounts, ISO 4217
 * @param duplicateShare of the records, copies of one before: 0 ≤ share &lt; 1
 * @param refundShare of the background's transactions, 0 to 1
 */
public record WorkloadSettings(
    String run,
    long seed,
    String currency,
    Users users,
    Disorder disorder,
    double duplicateShare,
    double refundShare,
    Scenarios scenarios) {

  /** Leaves room for what follows it in ids of 64 characters. */
  private static final Pattern RUN = Pattern.compile("[A-Za-z0-9-]{1,32}");

  /**
   * Checks what is left to check.
   *
   * @throws IllegalArgumentException for what cannot be; the message says which and what can
   */
  public WorkloadSettings {
    require(RUN.matcher(run).matches(), "run", run, "1 to 32 letters, digits and hyphens");
    require(Money.isCurrency(currency), "currency", currency, "an ISO 4217 code");
    require(
        duplicateShare >= 0 && duplicateShare < 1,
        "duplicates",
        duplicateShare,
        "a share, 0 to less than 1");
    requireShare("refunds", refundShare);
  }

  /** Uniform users, in order, no duplicates, no refunds, no scenarios, in USD. */
  public static WorkloadSettings plain(String run, long seed, int users) {
    return new WorkloadSettings(
        run, seed, "USD", Users.uniform(users), Disorder.NONE, 0, 0, Scenarios.NONE);
  }

  /** What every id begins with. */
  String idPrefix() {
    return run + "-";
  }

  /**
   * The background's users, and which of them spend how often.
   *
   * @param count at least 1
   * @param zipfExponent 0 for uniform; else the first users spend the more often, the greater it is
   * @param hotCount the first so many users, fewer than {@code count}, ...
   * @param hotShare ... have this share of the records among them, evenly
   */
  public record Users(int count, double zipfExponent, int hotCount, double hotShare) {
    /**
     * Checks them.
     *
     * @throws IllegalArgumentException for what cannot be
     */
    public Users {
      require(count >= 1, "users", count, "at least 1");
      require(zipfExponent >= 0 && zipfExponent <= 10, "skew", zipfExponent, "0 to 10");
      require(hotCount >= 0 && hotCount < count, "hot users", hotCount, "fewer than all users");
      requireShare("hot share", hotShare);
      require(hotCount > 0 || hotShare == 0, "hot share", hotShare, "0 without hot users");
    }

    /** All alike. */
    public static Users uniform(int count) {
      return new Users(count, 0, 0, 0);
    }
  }

  /**
   * Background records that arrive out of order.
   *
   * @param share of them, 0 to 1
   * @param spreadMs how much older than their sending they are at most; less than 12 h
   */
  public record Disorder(double share, long spreadMs) {
    /** Every record in order. */
    public static final Disorder NONE = new Disorder(0, 0);

    /**
     * Checks it.
     *
     * @throws IllegalArgumentException for what cannot be
     */
    public Disorder {
      requireShare("out of order", share);
      require(
          spreadMs >= 0 && spreadMs < Oracle.WINDOW_MS / 2, "spread", spreadMs + " ms", "0 to 12h");
      require(share == 0 || spreadMs > 0, "spread", spreadMs + " ms", "more than 0");
    }
  }

  /**
   * What scenarios to mix in.
   *
   * @param kinds take turns
   * @param perSecond how many begin a second, evenly; each is {@value #RECORDS_MAX} records at most
   */
  public record Scenarios(List<Scenario> kinds, double perSecond) {
    /** Background only. */
    public static final Scenarios NONE = new Scenarios(List.of(), 0);

    /** How many records a scenario has at most. */
    public static final int RECORDS_MAX = 20;

    /**
     * Checks them.
     *
     * @throws IllegalArgumentException for what cannot be
     */
    public Scenarios {
      kinds = List.copyOf(kinds);
      require(perSecond >= 0 && perSecond <= 1e6, "scenarios a second", perSecond, "0 to 1000000");
    }

    boolean none() {
      return kinds.isEmpty() || perSecond == 0;
    }
  }

  private static void requireShare(String what, double share) {
    require(share >= 0 && share <= 1, what, share, "a share, 0 to 1");
  }

  private static void require(boolean good, String what, Object value, String expected) {
    if (!good) {
      throw new IllegalArgumentException(what + ": " + value + " (expected: " + expected + ")");
    }
  }
}
