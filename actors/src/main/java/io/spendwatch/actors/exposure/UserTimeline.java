package io.spendwatch.actors.exposure;

import io.spendwatch.actors.exposure.BalanceVersions.News;
import io.spendwatch.actors.exposure.LateArrival.LateVersion;
import io.spendwatch.actors.exposure.Transition.At;
import io.spendwatch.actors.exposure.Transition.Named;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.Entry;
import io.spendwatch.actors.ports.History.UserHistory;
import io.spendwatch.protocol.AlertIds;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How time passes for one user: over the window's transactions and the versions of the balance,
 * from point to point, and episodes open and end on the way.
 *
 * <pre>
 *   dealt with: points, in order ─────────▶ passedMs ─────────▶ still to come
 *        ▲                                     │ advance: what leaves, versions that begin
 *        └── comes to be known behind it: reviewed as late
 * </pre>
 *
 * <p>Superclass of the user's exposure instead of a part of it, since there is one for each user in
 * memory, and another object would be one more place in memory to wait for. Not thread-safe.
 */
abstract sealed class UserTimeline permits UserExposure {

  final String userId;
  final long knownFromMs;
  final ExposureWindow window;
  final BalanceVersions versions;
  final Episodes episodes;

  /** Of what is in the window, by the numbers under which it knows them. Nearly always one. */
  private List<String> currencies = List.of();

  /**
   * All points before this instant that are no transactions have been dealt with; at the instant
   * itself, what leaves at a transaction there. Points that come to be known behind it are late.
   */
  long passedMs = Long.MIN_VALUE;

  UserTimeline(
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

  /** Takes over where another one stands, all but its window, versions and episodes. */
  final void standsLike(UserTimeline other) {
    currencies = other.currencies;
    passedMs = other.passedMs;
  }

  /**
   * Takes up what is stored, up to until when time has passed.
   *
   * @param out gets what that look reveals
   */
  final void restore(UserHistory history, long toMs, List<Transition> out) {
    for (Entry entry : history.entries()) {
      window.insert(
          entry.eventTimeMs(),
          entry.signedAmountMinor(),
          Duplicates.fingerprint(entry.transactionId()),
          currencyNumber(entry.currency()));
    }
    // What lies behind it nobody has looked at: it is in order, however late it is looked at now.
    long settledMs = settledMs();
    long restoredToMs = restoredToMs(toMs);
    pass(settledMs);
    learn(history.versions(), history.versionsFromMs(), restoredToMs, settledMs, -1, out);
    lookAgain(restoredToMs, settledMs, out);
    advance(toMs, -1, out);
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

  /**
   * When to {@link #advance} at the latest so that no point is missed; {@link Long#MAX_VALUE} for
   * never.
   */
  public final long wakeAtMs() {
    long versionMs = versions.nextMs(passedMs);
    return episodes.isOpen() ? Math.min(versionMs, window.nextExpiryMs()) : versionMs;
  }

  /** From which instant on versions of the balance matter. */
  public final long reachMs() {
    return window.size() == 0 ? knownFromMs : window.latestMs() - ExposureWindow.WINDOW_MS;
  }

  /**
   * Lets time pass: points without a transaction, strictly before the instant, are dealt with. In
   * order: what leaves at the instant of a version leaves before it.
   */
  public final void advance(long toMs, long offset, List<Transition> out) {
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
  public final void learn(
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

  /**
   * What is settled: a point that comes behind it is late. Rests on what is durable alone, not on
   * how far somebody happened to look.
   */
  final long settledMs() {
    return Math.max(window.latestMs(), episodes.settledMs());
  }

  /** A version that begins at the same instant as the transaction comes after it. */
  final boolean isInOrder(long atMs) {
    return atMs >= window.latestMs()
        && (atMs > episodes.settledMs()
            || (atMs == episodes.settledMs() && versions.nextMs(atMs) != atMs));
  }

  /**
   * Holds what was announced against what came late.
   *
   * @param lateToMs what lies behind it is found for the first time, and not late
   */
  final void review(
      LateArrival cause, long toMs, long lateToMs, long offset, List<Transition> out) {
    long untilMs = Math.max(passedMs, toMs);
    var past = new PastBreaches(window, versions, this::currencyNumber, cause, episodes);
    var review = new LateReview(userId, past, cause, lateToMs, offset, episodes, out);
    review.run(untilMs);
    episodes.take(review);
    pass(untilMs);
  }

  /** Puts the window to where all before the instant is dealt with, whatever was before. */
  final void pass(long toMs) {
    passedMs = toMs;
    if (window.size() > 0) {
      window.moveTo(Math.max(toMs - 1, window.latestMs()));
    }
    countCurrencyInForce();
  }

  /** Of what the window is at, under the version in force there. */
  final Point point(Point.Kind kind, long atMs, At transaction, boolean isRefund) {
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
  final void evaluate(Point point, long offset, List<Transition> out) {
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

  /** What counts without an account. */
  final @Nullable String firstCurrency() {
    return currencies.isEmpty() ? null : currencies.getFirst();
  }

  private void countCurrencyInForce() {
    window.count(countedFor(versions.inForce(passedMs)));
  }

  final byte countedFor(@Nullable AccountBalance balance) {
    return currencyNumber(balance == null ? null : balance.currency());
  }

  /** Null for none: what came first counts. */
  final byte currencyNumber(@Nullable String currency) {
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
