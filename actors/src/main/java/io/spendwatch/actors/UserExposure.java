package io.spendwatch.actors;

import io.spendwatch.actors.History.Entry;
import io.spendwatch.actors.History.Episode;
import io.spendwatch.actors.History.ExposureQuery;
import io.spendwatch.actors.History.UserHistory;
import io.spendwatch.actors.Judgement.Duplicate;
import io.spendwatch.actors.Judgement.Judged;
import io.spendwatch.actors.Judgement.Rejected;
import io.spendwatch.actors.PartitionWindows.UserWindow;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import java.math.BigInteger;
import java.util.List;

/**
 * The rule, for one user: an exact rolling 24-hour sum, held against the account balance, and the
 * episodes during which it is greater. Plain Java: no actors, no clock, no I/O. What it has to know
 * from outside it asks through {@link Facts}.
 *
 * <p>An episode opens at a transaction or balance change that leaves exposure &gt; balance while
 * none is open; it ends at the first instant with exposure ≤ balance. What was announced stays: an
 * out-of-order record can prolong what is known, end it earlier, or reveal a breach, and only the
 * difference is announced, marked late. Not thread-safe.
 */
final class UserExposure {

  private final String userId;
  private final long knownFromMs;
  private final ExposureWindow window = new ExposureWindow();
  private AccountBalance balance;

  /** Of the account, else of the first transaction; null without either. */
  private String currency;

  private final Episodes episodes;

  private UserExposure(String userId, long knownFromMs, List<Episode> announced) {
    this.userId = userId;
    this.knownFromMs = knownFromMs;
    this.episodes = new Episodes(announced);
  }

  /**
   * Takes up where the database stands. The balance may have changed since the last transaction was
   * judged; that is looked at now.
   *
   * @param streamTimeMs the partition's, {@link Long#MIN_VALUE} before any
   * @param out gets what that look reveals
   */
  static UserExposure restored(
      String userId,
      UserHistory history,
      long knownFromMs,
      long streamTimeMs,
      List<Transition> out) {
    var user = new UserExposure(userId, knownFromMs, history.episodes());
    user.balance = history.balance();
    user.currency = user.balance == null ? null : user.balance.currency();
    long judgedVersion = 0;
    for (Entry entry : history.entries()) {
      judgedVersion = Math.max(judgedVersion, entry.balanceVersion());
      if (user.currency == null) {
        user.currency = entry.currency();
      }
      if (entry.currency().equals(user.currency)) {
        user.window.restTo(entry.eventTimeMs());
        user.window.insert(
            entry.eventTimeMs(),
            entry.signedAmountMinor(),
            Duplicates.fingerprint(entry.transactionId()));
        user.window.step(entry.eventTimeMs());
      }
    }
    user.lookAtBalanceAnew(judgedVersion, streamTimeMs, out);
    for (Episode episode : user.episodes.ended()) {
      user.window.restTo(episode.endMs());
    }
    user.advance(streamTimeMs, -1, out);
    return user;
  }

  /** Whether what was restored suffices to judge a transaction of this event time. */
  boolean covers(long eventTimeMs) {
    return window.size() > 0 || eventTimeMs - ExposureWindow.RETENTION_MS >= knownFromMs;
  }

  /**
   * When to {@link #advance} at the latest so that no end of an episode is missed; {@link
   * Long#MAX_VALUE} for never.
   */
  long wakeAtMs() {
    return episodes.isOpen() ? window.nextExpiryMs() : Long.MAX_VALUE;
  }

  /** How many transactions are in memory. */
  int entries() {
    return window.size();
  }

  /** Start of the open episode; {@link Long#MIN_VALUE} for none. */
  long openSinceMs() {
    return episodes.isOpen() ? episodes.open().startMs() : Long.MIN_VALUE;
  }

  /**
   * Judges a transaction.
   *
   * @param streamTimeMs the partition's before this record
   * @param out gets the episodes' starts and ends, in order
   * @return null where {@code facts} must learn more first; the call is then to be repeated
   */
  Judgement assess(Received received, long streamTimeMs, Facts facts, List<Transition> out) {
    Transaction transaction = received.transaction();
    long atMs = transaction.eventTimeMs();
    advance(streamTimeMs, received.offset(), out);
    boolean tooLate = window.isTooLate(atMs);
    Boolean duplicate = Duplicates.find(window, transaction, tooLate, facts);
    if (duplicate == null) {
      return null;
    }
    if (duplicate) {
      return new Duplicate();
    }
    if (currency == null) {
      currency = transaction.currency();
    } else if (!currency.equals(transaction.currency())) {
      return new Rejected(
          DeadLetterReason.CURRENCY_MISMATCH,
          "currency " + transaction.currency() + " (expected: " + currency + ", the account's)");
    }
    long signedMinor = transaction.signedAmountMinor();
    if (window.overflows(signedMinor)) {
      return overflow();
    }
    Judgement judgement;
    if (tooLate) {
      judgement = judgeTooLate(transaction, facts);
    } else if (atMs >= settledMs()) {
      judgement = judgeInOrder(received, facts, out);
    } else {
      judgement = judgeOutOfOrder(received, streamTimeMs, facts, out);
    }
    if (judgement instanceof Judged) {
      facts.count(transaction);
    }
    return judgement;
  }

  /** Lets time pass: ends the open episode where it has ended strictly before the instant. */
  void advance(long toMs, long offset, List<Transition> out) {
    if (episodes.isOpen() && balance != null && toMs > window.positionMs()) {
      pass(toMs, offset, out);
    }
  }

  /**
   * The balance changed: a point of evaluation, at its {@code asOf}, but not before what has been
   * looked at nor after the stream time.
   *
   * @param next null where the account is gone
   * @return false where the currency changed and the user must be restored anew
   */
  boolean changeBalance(AccountBalance next, long streamTimeMs, long offset, List<Transition> out) {
    if (next == null && balance == null) {
      return true;
    }
    if (next != null && currency != null && !next.currency().equals(currency)) {
      return false;
    }
    if (next != null && balance != null && next.version() == balance.version()) {
      return true;
    }
    AccountBalance before = balance;
    if (next == null) {
      if (episodes.isOpen()) {
        long atMs = settledMs();
        out.add(
            episodes.clear(
                atMs,
                null,
                window.exposureAt(atMs),
                window.transactionsAt(atMs),
                balance,
                AlertCause.BALANCE,
                offset));
      }
      balance = null;
      return true;
    }
    currency = next.currency();
    if (before != null) {
      advance(instantOf(next, streamTimeMs), offset, out);
    }
    balance = next;
    lookAtBalance(streamTimeMs, offset, out);
    return true;
  }

  /** A copy for display, as of the later of the given instant and what has been looked at. */
  UserView view(long streamTimeMs) {
    long atMs = Math.max(streamTimeMs, window.positionMs());
    return new UserView(
        userId,
        balance != null || window.size() > 0,
        window.latestMs(),
        window.exposureAt(atMs),
        balance,
        window.transactionsAt(atMs),
        openEpisodeId());
  }

  /**
   * What the next transaction will be judged from, for comparison with what is stored: the sum as
   * it was carried along, where {@link #view} sums anew.
   */
  UserWindow window(long streamTimeMs) {
    long atMs = Math.max(streamTimeMs, window.positionMs());
    return new UserWindow(
        userId,
        atMs,
        window.exposureWith(0, atMs),
        window.transactionsAt(atMs),
        balance,
        openEpisodeId());
  }

  private String openEpisodeId() {
    return episodes.isOpen() ? episodes.open().episodeId() : null;
  }

  /**
   * Up to this instant everything is known and announced: a record before it is out of order. Rests
   * on what is durable alone, not on how far somebody happened to look.
   */
  private long settledMs() {
    return Math.max(window.latestMs(), episodes.settledMs());
  }

  private Judgement judgeTooLate(Transaction transaction, Facts facts) {
    long atMs = transaction.eventTimeMs();
    Long exposureMinor = facts.exposure(new ExposureQuery(userId, currency, atMs));
    if (exposureMinor == null) {
      return null;
    }
    BigInteger sum =
        BigInteger.valueOf(exposureMinor)
            .add(BigInteger.valueOf(transaction.signedAmountMinor()))
            .add(facts.countedMinor(atMs));
    boolean isExact = exposureMinor != Long.MAX_VALUE && exposureMinor != Long.MIN_VALUE;
    if (!isExact || sum.bitLength() >= Long.SIZE) {
      return overflow();
    }
    window.keepTooLate(
        atMs, transaction.signedAmountMinor(), Duplicates.fingerprint(transaction.transactionId()));
    return new Judged(Verdict.TOO_LATE, sum.longValueExact(), balance);
  }

  private static Rejected overflow() {
    return new Rejected(
        DeadLetterReason.BAD_AMOUNT, "the sum of the user's transactions would overflow 64 bits");
  }

  private Judgement judgeInOrder(Received received, Facts facts, List<Transition> out) {
    Transaction transaction = received.transaction();
    long atMs = transaction.eventTimeMs();
    long signedMinor = transaction.signedAmountMinor();
    window.returnTo(atMs);
    pass(atMs, received.offset(), out);
    if (balance != null
        && !episodes.isOpen()
        && window.exposureWith(signedMinor, atMs) > balance.balanceMinor()
        && !facts.balanceConfirmed()) {
      facts.wantBalance();
      return null;
    }
    window.insert(atMs, signedMinor, Duplicates.fingerprint(transaction.transactionId()));
    window.step(atMs);
    evaluate(atMs, received, out);
    // No record that is not too late can reach these any more.
    episodes.forgetUntil(window.latestMs() - ExposureWindow.WINDOW_MS);
    return judged(window.exposureMinor());
  }

  private Judgement judgeOutOfOrder(
      Received received, long streamTimeMs, Facts facts, List<Transition> out) {
    if (balance != null && !facts.balanceConfirmed()) {
      facts.wantBalance();
      return null;
    }
    Transaction transaction = received.transaction();
    long restMs = Math.max(window.positionMs(), streamTimeMs);
    window.insert(
        transaction.eventTimeMs(),
        transaction.signedAmountMinor(),
        Duplicates.fingerprint(transaction.transactionId()));
    window.step(restMs);
    Judged judgement = judged(window.exposureMinor());
    if (balance == null) {
      window.restTo(restMs);
    } else {
      var review =
          new LateReview(userId, window, balance, received, episodes.ended(), episodes.open(), out);
      review.run(restMs);
      episodes.take(review);
    }
    return judgement;
  }

  private Judged judged(long exposureMinor) {
    if (balance == null) {
      return new Judged(Verdict.NO_ACCOUNT, exposureMinor, null);
    }
    Verdict verdict = exposureMinor > balance.balanceMinor() ? Verdict.BREACH : Verdict.CLEAR;
    return new Judged(verdict, exposureMinor, balance);
  }

  /**
   * Lets transactions leave that leave strictly before the instant, and ends the open episode where
   * that ends it.
   */
  private void pass(long toMs, long offset, List<Transition> out) {
    long instantMs = window.step(toMs);
    while (instantMs != ExposureWindow.AT_REST) {
      if (episodes.isOpen() && window.exposureMinor() <= balance.balanceMinor()) {
        out.add(
            episodes.clear(
                instantMs,
                null,
                window.exposureMinor(),
                window.transactions(),
                balance,
                AlertCause.EXPIRY,
                offset));
      }
      instantMs = window.step(toMs);
    }
  }

  /** Opens or ends an episode at the transaction that was just counted, in order. */
  private void evaluate(long atMs, Received received, List<Transition> out) {
    if (balance == null) {
      return;
    }
    boolean breach = window.exposureMinor() > balance.balanceMinor();
    Transaction transaction = received.transaction();
    if (breach && !episodes.isOpen()) {
      String opening = AlertIds.transaction(transaction.transactionId(), atMs);
      out.add(
          episodes.raise(
              AlertIds.episodeId(userId, opening, opening),
              atMs,
              transaction.transactionId(),
              window.exposureMinor(),
              window.transactions(),
              balance,
              received.offset()));
    } else if (!breach && episodes.isOpen()) {
      out.add(
          episodes.clear(
              atMs,
              transaction.transactionId(),
              window.exposureMinor(),
              window.transactions(),
              balance,
              transaction.kind() == TransactionKind.REFUND ? AlertCause.REFUND : AlertCause.EXPIRY,
              received.offset()));
    }
  }

  /**
   * Whether the balance changed while nobody looked. At the latest transaction, in breach and in an
   * episode are the same; later they need not be, since the expiry of a refund can bring a breach
   * that opens nothing. So a balance that a transaction has been held against is not looked at
   * again.
   */
  private void lookAtBalanceAnew(long judgedVersion, long streamTimeMs, List<Transition> out) {
    if (episodes.isOpen() && balance == null && currency != null) {
      // What was in force before the account went is not known any more.
      balance = new AccountBalance(0, currency, 0, Long.MIN_VALUE);
      changeBalance(null, streamTimeMs, -1, out);
    } else if (episodes.isOpen()) {
      window.restTo(episodes.open().startMs());
      if (balance != null && window.exposureMinor() <= balance.balanceMinor()) {
        lookAtBalance(streamTimeMs, -1, out);
      }
    } else if (!episodes.endsAfter(window.positionMs())
        && balance != null
        && balance.version() > judgedVersion) {
      lookAtBalance(streamTimeMs, -1, out);
    }
  }

  private void lookAtBalance(long streamTimeMs, long offset, List<Transition> out) {
    if (balance == null || window.size() == 0) {
      return;
    }
    long atMs = instantOf(balance, streamTimeMs);
    long exposureMinor = window.exposureAt(atMs);
    int transactions = window.transactionsAt(atMs);
    boolean breach = exposureMinor > balance.balanceMinor();
    window.returnTo(atMs);
    if (breach && !episodes.isOpen() && transactions > 0) {
      String change = AlertIds.balanceChange(balance.version());
      out.add(
          episodes.raise(
              AlertIds.episodeId(userId, change, change),
              atMs,
              null,
              exposureMinor,
              transactions,
              balance,
              offset));
    } else if (!breach && episodes.isOpen()) {
      out.add(
          episodes.clear(
              atMs, null, exposureMinor, transactions, balance, AlertCause.BALANCE, offset));
    }
  }

  private long instantOf(AccountBalance change, long streamTimeMs) {
    return Math.max(settledMs(), Math.min(change.asOfMs(), streamTimeMs));
  }
}
