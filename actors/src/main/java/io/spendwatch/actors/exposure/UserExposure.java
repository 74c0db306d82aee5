package io.spendwatch.actors.exposure;

import io.spendwatch.actors.exposure.Assessment.Duplicate;
import io.spendwatch.actors.exposure.Assessment.Rejected;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.exposure.LateArrival.LateTransaction;
import io.spendwatch.actors.exposure.Transition.Named;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.Entry;
import io.spendwatch.actors.ports.History.Episode;
import io.spendwatch.actors.ports.History.ExposureQuery;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.actors.ports.History.UserHistory;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rule, for one user: an exact rolling 24-hour sum, held against the account balance, and the
 * episodes during which it is greater. Plain Java: no actors, no clock, no I/O. What it has to know
 * from outside it asks through {@link Facts}.
 *
 * <p>The exposure is held against the balance at points ({@link Point}), in the order of their
 * instants: what leaves the window together with the first transaction there, further transactions,
 * versions of the balance. A transaction is held against the version in force at its event time. An
 * episode opens at a transaction or version that leaves exposure &gt; balance while none is open;
 * it ends at the first point with exposure ≤ balance. What was announced stays: what comes behind
 * what has been looked at can prolong it, end it earlier, or reveal a breach, and only the
 * difference is announced, marked late.
 *
 * <p>Here is what a transaction comes to, and what a user shows; how time passes from one point to
 * the next, {@link UserTimeline}. Not thread-safe.
 */
public final class UserExposure extends UserTimeline {

  private UserExposure(
      String userId,
      long knownFromMs,
      ExposureWindow window,
      BalanceVersions versions,
      Episodes episodes) {
    super(userId, knownFromMs, window, versions, episodes);
  }

  /** A copy to try things on: whatever is done to it, this one stays as it is. O(entries). */
  public UserExposure copy() {
    var copy =
        new UserExposure(userId, knownFromMs, window.copy(), versions.copy(), episodes.copy());
    copy.standsLike(this);
    return copy;
  }

  /**
   * Takes up where the database stands. Versions of the balance with higher numbers than were known
   * when the transactions were assessed may not have been looked at; they are now. That announces
   * nothing that was announced before.
   *
   * @param toMs until when time has passed, {@link Long#MIN_VALUE} before any
   * @param out gets what that look reveals
   */
  public static UserExposure restored(
      String userId, UserHistory history, long knownFromMs, long toMs, List<Transition> out) {
    long lookedAt = 0;
    for (Entry entry : history.entries()) {
      lookedAt = Math.max(lookedAt, entry.knownVersion());
    }
    for (Episode episode : history.episodes()) {
      lookedAt = Math.max(lookedAt, episode.knownVersion());
    }
    var user =
        new UserExposure(
            userId,
            knownFromMs,
            new ExposureWindow(),
            new BalanceVersions(lookedAt),
            new Episodes(history.episodes()));
    user.restore(history, toMs, out);
    return user;
  }

  /** Whether what was restored suffices to assess a transaction of this event time. */
  public boolean covers(long eventTimeMs) {
    return window.size() > 0 || eventTimeMs - ExposureWindow.RETENTION_MS >= knownFromMs;
  }

  /** How many transactions are in memory. */
  public int entries() {
    return window.size();
  }

  /** Start of the open episode; {@link Long#MIN_VALUE} for none. */
  public long openSinceMs() {
    Episode open = episodes.open();
    return open == null ? Long.MIN_VALUE : open.startMs();
  }

  /** The sum where the window is at: after the last command, minor units. O(1). */
  public long exposureMinor() {
    return window.exposureMinor();
  }

  /** In force where time has passed to; null without an account. */
  public @Nullable AccountBalance balance() {
    AccountBalance balance = versions.inForce(passedMs);
    return balance == null || balance.closed() ? null : balance;
  }

  /** Highest number of a version of the balance that is known; 0 for none. */
  public long knownVersion() {
    return versions.lastNumber();
  }

  /**
   * Assesses a transaction.
   *
   * @param toMs until when time has passed before this record
   * @param out gets the episodes' starts and ends, in order
   * @return null where {@code facts} must learn more first; the call is then to be repeated
   */
  public @Nullable Assessment assess(
      Received received, long toMs, Facts facts, List<Transition> out) {
    Transaction transaction = received.transaction();
    long atMs = transaction.eventTimeMs();
    advance(toMs, received.offset(), out);
    boolean tooLate = window.isTooLate(atMs);
    Boolean duplicate = Duplicates.find(window, transaction, tooLate, facts);
    if (duplicate == null) {
      return null;
    }
    if (duplicate) {
      return new Duplicate();
    }
    if (!versions.covers(atMs) && !tooLate && !facts.versionsRead(Math.min(atMs, reachMs()))) {
      facts.wantVersions(Math.min(atMs, reachMs()));
      return null;
    }
    if (tooLate && !versions.covers(atMs) && !facts.knowsInForce(new InstantQuery(userId, atMs))) {
      return null;
    }
    AccountBalance balance = inForce(atMs, facts);
    String expected = balance == null ? firstCurrency() : balance.currency();
    if (expected != null && !expected.equals(transaction.currency())) {
      if (!facts.versionsRead(reachMs())) {
        facts.wantVersions(reachMs());
        return null;
      }
      return new Rejected(
          DeadLetterReason.CURRENCY_MISMATCH,
          "currency " + transaction.currency() + " (expected: " + expected + ", the account's)");
    }
    if (window.overflows(atMs, transaction.signedAmountMinor())) {
      return overflow();
    }
    Assessment assessment;
    if (tooLate) {
      assessment = assessTooLate(transaction, balance, facts);
    } else if (isInOrder(atMs)) {
      assessment = assessInOrder(received, facts, out);
    } else {
      assessment = assessOutOfOrder(received, toMs, facts, out);
    }
    if (assessment instanceof Stored) {
      facts.count(transaction);
    }
    return assessment;
  }

  /** Keeps in memory what may still be asked for, and of the versions no more than so many. */
  public void trim(int versionsMax) {
    if (versions.size() > 1) {
      versions.forgetBefore(Math.min(passedMs, reachMs()));
      versions.trim(versionsMax, passedMs);
    }
  }

  /** A copy for display, as of the later of the given instant and the latest transaction. */
  public UserView view(long streamTimeMs) {
    long atMs = Math.max(streamTimeMs, window.latestMs());
    AccountBalance balance = versions.inForce(atMs);
    byte currency = countedFor(balance);
    return new UserView(
        userId,
        !versions.isEmpty() || window.size() > 0,
        window.latestMs(),
        window.exposureAt(atMs, currency),
        balance == null || balance.closed() ? null : balance,
        window.transactionsAt(atMs, currency),
        openEpisodeId(),
        openSinceMs(),
        balance == null ? firstCurrency() : balance.currency(),
        atMs,
        window.size(),
        UserView.Source.MEMORY);
  }

  /**
   * What the next transaction will be assessed from, for comparison with what is stored: the sum as
   * it was carried along, where {@link #view} sums anew.
   */
  public UserWindow window(long streamTimeMs) {
    long atMs = Math.max(streamTimeMs, window.positionMs());
    AccountBalance balance = versions.inForce(atMs);
    return new UserWindow(
        userId,
        atMs,
        window.exposureWith(0, atMs),
        window.transactionsAt(atMs, countedFor(balance)),
        balance == null || balance.closed() ? null : balance,
        openEpisodeId());
  }

  private @Nullable String openEpisodeId() {
    Episode open = episodes.open();
    return open == null ? null : open.episodeId();
  }

  private @Nullable Assessment assessTooLate(
      Transaction transaction, @Nullable AccountBalance balance, Facts facts) {
    long atMs = transaction.eventTimeMs();
    Long exposureMinor = facts.exposure(new ExposureQuery(userId, transaction.currency(), atMs));
    if (exposureMinor == null) {
      return null;
    }
    BigInteger sum =
        BigInteger.valueOf(exposureMinor)
            .add(BigInteger.valueOf(transaction.signedAmountMinor()))
            .add(facts.countedMinor(transaction.currency(), atMs));
    boolean isExact = exposureMinor != Long.MAX_VALUE && exposureMinor != Long.MIN_VALUE;
    if (!isExact || sum.bitLength() >= Long.SIZE) {
      return overflow();
    }
    keep(transaction);
    return new Stored(
        Verdict.TOO_LATE,
        sum.longValueExact(),
        balance == null || balance.closed() ? null : balance,
        versions.lastNumber());
  }

  private static Rejected overflow() {
    return new Rejected(
        DeadLetterReason.BAD_AMOUNT, "the sum of the user's transactions would overflow 64 bits");
  }

  private @Nullable Assessment assessInOrder(Received received, Facts facts, List<Transition> out) {
    Transaction transaction = received.transaction();
    long atMs = transaction.eventTimeMs();
    if (atMs < passedMs) {
      pass(atMs);
    }
    advance(atMs, received.offset(), out);
    AccountBalance balance = versions.inForce(atMs);
    window.count(currencyNumber(transaction.currency()));
    if (balance != null
        && !episodes.isOpen()
        && balance.isExceededBy(window.exposureWith(transaction.signedAmountMinor(), atMs))
        && !facts.versionsRead(reachMs())) {
      facts.wantVersions(reachMs());
      return null;
    }
    keep(transaction);
    passedMs = atMs;
    evaluate(
        point(
            Point.Kind.TRANSACTION,
            atMs,
            new Named(transaction.transactionId()),
            transaction.kind() == TransactionKind.REFUND),
        received.offset(),
        out);
    // No record that is not too late can reach these any more.
    episodes.forgetUntil(window.latestMs() - ExposureWindow.WINDOW_MS);
    return assessed(balance, window.exposureMinor());
  }

  private @Nullable Assessment assessOutOfOrder(
      Received received, long toMs, Facts facts, List<Transition> out) {
    Transaction transaction = received.transaction();
    long atMs = transaction.eventTimeMs();
    long fromMs = Math.min(atMs, reachMs());
    if (!versions.isEmpty() && !facts.versionsRead(fromMs)) {
      facts.wantVersions(fromMs);
      return null;
    }
    AccountBalance balance = versions.inForce(atMs);
    keep(transaction);
    Stored assessment =
        assessed(balance, window.exposureAt(atMs, currencyNumber(transaction.currency())));
    if (!versions.isEmpty()) {
      review(new LateTransaction(transaction), toMs, Long.MAX_VALUE, received.offset(), out);
    }
    return assessment;
  }

  private void keep(Transaction transaction) {
    window.insert(
        transaction.eventTimeMs(),
        transaction.signedAmountMinor(),
        Duplicates.fingerprint(transaction.transactionId()),
        currencyNumber(transaction.currency()));
  }

  private Stored assessed(@Nullable AccountBalance balance, long exposureMinor) {
    if (balance == null || balance.closed()) {
      return new Stored(Verdict.NO_ACCOUNT, exposureMinor, null, versions.lastNumber());
    }
    Verdict verdict = balance.isExceededBy(exposureMinor) ? Verdict.BREACH : Verdict.CLEAR;
    return new Stored(verdict, exposureMinor, balance, versions.lastNumber());
  }

  private @Nullable AccountBalance inForce(long atMs, Facts facts) {
    return versions.covers(atMs)
        ? versions.inForce(atMs)
        : facts.inForce(new InstantQuery(userId, atMs));
  }
}
