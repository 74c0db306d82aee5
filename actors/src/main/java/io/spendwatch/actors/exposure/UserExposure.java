package io.spendwatch.actors.exposure;

import io.spendwatch.actors.exposure.Assessment.Duplicate;
import io.spendwatch.actors.exposure.Assessment.Rejected;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.exposure.BalanceVersions.News;
import io.spendwatch.actors.exposure.LateReview.LateTransaction;
import io.spendwatch.actors.exposure.LateReview.LateVersion;
import io.spendwatch.actors.exposure.Transition.At;
import io.spendwatch.actors.exposure.Transition.Named;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.Entry;
import io.spendwatch.actors.ports.History.Episode;
import io.spendwatch.actors.ports.History.ExposureQuery;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.actors.ports.History.UserHistory;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import java.math.BigInteger;
import java.util.ArrayList;
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
 * difference is announced, marked late. Not thread-safe.
 */
public final class UserExposure {

  private final String userId;
  private final long knownFromMs;
  private final ExposureWindow window;
  private final BalanceVersions versions;
  private final Episodes episodes;

  /** Of what is in the window, by the numbers under which it knows them. Nearly always one. */
  private List<String> currencies = List.of();

  /**
   * All points before this instant that are no transactions have been dealt with; at the instant
   * itself, what leaves at a transaction there. Points that come to be known behind it are late.
   */
  private long passedMs = Long.MIN_VALUE;

  private UserExposure(
      String userId,
      long knownFromMs,
      ExposureWindow window,
      BalanceVersions versions,
      Episodes episodes) {
    this.userId = userId;
    this.knownFromMs = knownFromMs;
    this.window = window;
    this.versions = versions;
    this.episodes = episodes;
  }

  /** A copy to try things on: whatever is done to it, this one stays as it is. O(entries). */
  public UserExposure copy() {
    var copy =
        new UserExposure(userId, knownFromMs, window.copy(), versions.copy(), episodes.copy());
    copy.currencies = currencies;
    copy.passedMs = passedMs;
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
    for (Entry entry : history.entries()) {
      user.window.insert(
          entry.eventTimeMs(),
          entry.signedAmountMinor(),
          Duplicates.fingerprint(entry.transactionId()),
          user.currencyNumber(entry.currency()));
    }
    // What lies behind it nobody has looked at: it is in order, however late it is looked at now.
    long settledMs = user.settledMs();
    long passedMs = user.restoredToMs(toMs);
    user.pass(settledMs);
    user.learn(history.versions(), history.versionsFromMs(), passedMs, settledMs, -1, out);
    user.lookAgain(passedMs, settledMs, out);
    user.advance(toMs, -1, out);
    return user;
  }

  /** Until when time has passed for this user, who was not in memory. */
  private long restoredToMs(long toMs) {
    long settledMs = settledMs();
    // Where nothing came, an idle partition's clock had passed what was announced last.
    return settledMs > window.latestMs() ? Math.max(toMs, settledMs + 1) : toMs;
  }

  /**
   * Which of the versions that begin where something was announced had been looked at is not known.
   * And where, in hindsight, the open episode began without a breach, a review has given it to a
   * later one.
   */
  private void lookAgain(long toMs, long lateToMs, List<Transition> out) {
    if (window.size() > 0) {
      long settledMs = episodes.settledMs();
      int version = versions.firstFrom(passedMs);
      boolean isFirstHere =
          version < versions.size() && versions.get(version).asOfMs() == settledMs;
      if (isFirstHere || (episodes.isOpen() && !isBreachAt(passedMs))) {
        long number = isFirstHere ? versions.get(version).version() : 0;
        review(new LateVersion(number, passedMs, false), toMs, lateToMs, -1, out);
      }
    }
    countCurrencyInForce();
  }

  private boolean isBreachAt(long atMs) {
    AccountBalance balance = versions.inForce(atMs);
    return balance != null && balance.isExceededBy(window.exposureAt(atMs, countedFor(balance)));
  }

  /** Whether what was restored suffices to assess a transaction of this event time. */
  public boolean covers(long eventTimeMs) {
    return window.size() > 0 || eventTimeMs - ExposureWindow.RETENTION_MS >= knownFromMs;
  }

  /**
   * When to {@link #advance} at the latest so that no point is missed; {@link Long#MAX_VALUE} for
   * never.
   */
  public long wakeAtMs() {
    long versionMs = versions.nextMs(passedMs);
    return episodes.isOpen() ? Math.min(versionMs, window.nextExpiryMs()) : versionMs;
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

  /** From which instant on versions of the balance matter. */
  public long reachMs() {
    return window.size() == 0 ? knownFromMs : window.latestMs() - ExposureWindow.WINDOW_MS;
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

  /**
   * Lets time pass: points without a transaction, strictly before the instant, are dealt with. In
   * order: what leaves at the instant of a version leaves before it.
   */
  public void advance(long toMs, long offset, List<Transition> out) {
    if (toMs <= passedMs || (!episodes.isOpen() && versions.nextMs(passedMs) >= toMs)) {
      return;
    }
    while (true) {
      long expiryMs = window.nextExpiryMs();
      long versionMs = versions.nextMs(passedMs);
      if (Math.min(expiryMs, versionMs) >= toMs) {
        break;
      }
      if (expiryMs <= versionMs) {
        window.moveTo(Math.max(expiryMs, window.latestMs()));
        evaluate(point(Point.Kind.EXPIRY, expiryMs, Transition.NOBODY, false), offset, out);
      } else {
        begin(versionMs, offset, out);
      }
    }
    passedMs = toMs;
  }

  /** All versions of this instant, in their order. */
  private void begin(long atMs, long offset, List<Transition> out) {
    int version = versions.firstFrom(atMs);
    passedMs = atMs + 1;
    if (window.size() > 0) {
      window.moveTo(Math.max(atMs, window.latestMs()));
    }
    for (; version < versions.size() && versions.get(version).asOfMs() == atMs; version++) {
      AccountBalance begun = versions.get(version);
      window.count(currencyNumber(begun.currency()));
      evaluate(
          new Point(
              atMs,
              Point.Kind.VERSION,
              Transition.NOBODY,
              false,
              window.exposureMinor(),
              window.transactions(),
              begun),
          offset,
          out);
    }
  }

  /**
   * Takes over versions of the balance. What begins behind what has been looked at is reviewed; the
   * rest is a point of its own once time has passed it.
   *
   * @param read all from the instant on, in order, with the one before it
   * @param toMs until when time has passed
   */
  public void learn(
      List<AccountBalance> read, long fromMs, long toMs, long offset, List<Transition> out) {
    learn(read, fromMs, toMs, Long.MAX_VALUE, offset, out);
  }

  private void learn(
      List<AccountBalance> read,
      long fromMs,
      long toMs,
      long lateToMs,
      long offset,
      List<Transition> out) {
    long lastBegunMs = versions.lastBefore(passedMs);
    News news = versions.learn(read, fromMs);
    if (news == null) {
      return;
    }
    if (window.size() > 0 && isLate(news.fromMs(), lastBegunMs)) {
      long number = news.first() == null ? 0 : news.first().version();
      long reviewedFromMs =
          Math.max(window.latestMs() - ExposureWindow.WINDOW_MS + 1, news.fromMs());
      review(new LateVersion(number, reviewedFromMs, true), toMs, lateToMs, offset, out);
    } else if (news.fromMs() < passedMs) {
      pass(Math.max(news.fromMs(), settledMs()));
    }
    countCurrencyInForce();
  }

  /** Behind a transaction, an announced start or end, or another version that has begun. */
  private boolean isLate(long fromMs, long lastBegunMs) {
    return fromMs < settledMs() || fromMs < lastBegunMs || fromMs == episodes.settledMs();
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

  /**
   * What is settled: a point that comes behind it is late. Rests on what is durable alone, not on
   * how far somebody happened to look.
   */
  private long settledMs() {
    return Math.max(window.latestMs(), episodes.settledMs());
  }

  /** A version that begins at the same instant as the transaction comes after it. */
  private boolean isInOrder(long atMs) {
    return atMs >= window.latestMs()
        && (atMs > episodes.settledMs()
            || (atMs == episodes.settledMs() && versions.nextMs(atMs) != atMs));
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

  /**
   * @param lateToMs what lies behind it is found for the first time, and not late
   */
  private void review(
      LateReview.Cause cause, long toMs, long lateToMs, long offset, List<Transition> out) {
    long untilMs = Math.max(passedMs, toMs);
    var past = new LateReview.Past(window, versions, this::currencyNumber);
    var review = new LateReview(userId, past, cause, lateToMs, offset, episodes, out);
    review.run(untilMs);
    episodes.take(review);
    pass(untilMs);
  }

  private void keep(Transaction transaction) {
    window.insert(
        transaction.eventTimeMs(),
        transaction.signedAmountMinor(),
        Duplicates.fingerprint(transaction.transactionId()),
        currencyNumber(transaction.currency()));
  }

  /** Puts the window to where all before the instant is dealt with, whatever was before. */
  private void pass(long toMs) {
    passedMs = toMs;
    if (window.size() > 0) {
      window.moveTo(Math.max(toMs - 1, window.latestMs()));
    }
    countCurrencyInForce();
  }

  private Stored assessed(@Nullable AccountBalance balance, long exposureMinor) {
    if (balance == null || balance.closed()) {
      return new Stored(Verdict.NO_ACCOUNT, exposureMinor, null, versions.lastNumber());
    }
    Verdict verdict = balance.isExceededBy(exposureMinor) ? Verdict.BREACH : Verdict.CLEAR;
    return new Stored(verdict, exposureMinor, balance, versions.lastNumber());
  }

  /** Of what the window is at, under the version in force there. */
  private Point point(Point.Kind kind, long atMs, At transaction, boolean isRefund) {
    return new Point(
        atMs,
        kind,
        transaction,
        isRefund,
        window.exposureMinor(),
        window.transactions(),
        versions.inForce(atMs));
  }

  /** Opens or ends an episode at a point that comes in order. */
  private void evaluate(Point point, long offset, List<Transition> out) {
    if (point.balance() == null) {
      return;
    }
    if (episodes.isOpen()) {
      if (!point.isBreach()) {
        out.add(episodes.clear(point, offset));
      }
    } else if (point.opens()) {
      String opening =
          point.transaction() instanceof Named(String id)
              ? AlertIds.transaction(id, point.atMs())
              : AlertIds.balanceChange(point.version());
      out.add(episodes.raise(AlertIds.episodeId(userId, opening, opening), point, offset));
    }
  }

  private @Nullable AccountBalance inForce(long atMs, Facts facts) {
    return versions.covers(atMs)
        ? versions.inForce(atMs)
        : facts.inForce(new InstantQuery(userId, atMs));
  }

  /** What counts without an account. */
  private @Nullable String firstCurrency() {
    return currencies.isEmpty() ? null : currencies.getFirst();
  }

  private void countCurrencyInForce() {
    window.count(countedFor(versions.inForce(passedMs)));
  }

  private byte countedFor(@Nullable AccountBalance balance) {
    return currencyNumber(balance == null ? null : balance.currency());
  }

  /** Null for none: what came first counts. */
  private byte currencyNumber(@Nullable String currency) {
    int number = currency == null ? 0 : currencies.indexOf(currency);
    if (number < 0) {
      List<String> more = new ArrayList<>(currencies);
      more.add(currency);
      currencies = List.copyOf(more);
      number = currencies.size() - 1;
    }
    if (number > Byte.MAX_VALUE) {
      throw new IllegalStateException("user " + userId + " has transactions in 128 currencies");
    }
    return (byte) number;
  }
}
