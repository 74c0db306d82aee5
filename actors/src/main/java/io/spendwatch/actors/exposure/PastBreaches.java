package io.spendwatch.actors.exposure;

import io.spendwatch.actors.exposure.ExposureWindow.Walk;
import io.spendwatch.actors.exposure.LateArrival.LateTransaction;
import io.spendwatch.actors.exposure.LateArrival.LateVersion;
import io.spendwatch.actors.exposure.Transition.Named;
import io.spendwatch.actors.exposure.Transition.Ranked;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.Episode;
import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A user's breaches from an instant on, found anew: all points there are gone through once more, in
 * their order, with what came late among them. For one review.
 */
final class PastBreaches {

  private static final long OPEN = Episodes.OPEN;

  private final ExposureWindow window;
  private final BalanceVersions versions;
  private final ToIntFunction<@Nullable String> currencies;
  private final LateArrival cause;
  private final Episodes announced;

  /** The first point from the start of the open episode on that is no breach. */
  private @Nullable Point outOfBreach;

  /** The point of what came late; null before it was come to. */
  private @Nullable Point own;

  /**
   * @param currencies numbers, as the window has them; for null, of what counts without an account
   * @param announced as announced: all that ended at or after the cause's instant
   */
  PastBreaches(
      ExposureWindow window,
      BalanceVersions versions,
      ToIntFunction<@Nullable String> currencies,
      LateArrival cause,
      Episodes announced) {
    this.window = window;
    this.versions = versions;
    this.currencies = currencies;
    this.cause = cause;
    this.announced = announced;
  }

  /**
   * Finds them, from the instant of what came late on.
   *
   * @param untilMs before which points without a transaction have been passed; not before the
   *     latest transaction
   * @return in order; the last one may last
   */
  List<Breach> find(long untilMs) {
    return find(cause.fromMs(), untilMs);
  }

  /** What came late, once it was come to; null where it is no point. */
  @Nullable Point own() {
    return own;
  }

  /** The first point from the start of the open episode on that is no breach; null for none. */
  @Nullable Point outOfBreach() {
    return outOfBreach;
  }

  private List<Breach> find(long fromMs, long untilMs) {
    AccountBalance balance = versions.inForce(fromMs);
    Episode open = announced.open();
    Walk walk = window.walk(fromMs, currency(balance));
    int version = versions.firstFrom(fromMs);

    // What leaves at the instant of the latest transaction has left, whether that counts or not.
    long latestMs = window.latestMs();
    List<Breach> found = new ArrayList<>();
    Breach breach = announcedBefore(fromMs);
    Point before = point(Point.Kind.VERSION, fromMs - 1, walk, false, balance);
    if (breach == null && cause.isNews() && before.isBreach()) {
      // An episode that began later covered it, and may not any more: where it began tells.
      long earliestMs = latestMs - ExposureWindow.WINDOW_MS + 1;
      if (earliestMs < fromMs && versions.covers(earliestMs)) {
        return find(earliestMs, untilMs);
      }
    }
    if (breach != null && !before.isBreach()) {
      if (cause.isNews()) {
        // A balance that began too long ago to be reviewed has ended it.
        found.add(new Breach(breach.startMs(), breach.points(), before));
      }
      breach = null;
    }

    while (true) {
      long versionMs = version < versions.size() ? versions.get(version).asOfMs() : OPEN;
      long transactionMs = walk.nextTransactionMs();
      long expiryMs = walk.nextExpiryMs();
      Point.Kind kind;
      long atMs;
      boolean isRefund = false;
      if (transactionMs != OPEN && transactionMs <= Math.min(expiryMs, versionMs)) {
        kind = Point.Kind.TRANSACTION;
        atMs = transactionMs;
        walk.expire(atMs);
        isRefund = walk.take() < 0;
      } else if (expiryMs <= versionMs && (expiryMs < untilMs || expiryMs <= latestMs)) {
        kind = Point.Kind.EXPIRY;
        atMs = expiryMs;
        walk.expire(atMs);
      } else if (versionMs < expiryMs && versionMs < untilMs) {
        kind = Point.Kind.VERSION;
        atMs = versionMs;
        balance = versions.get(version++);
        walk.count(currency(balance), atMs);
      } else {
        break;
      }
      boolean isBreach = balance != null && balance.isExceededBy(walk.exposureMinor());
      boolean isOut = !isBreach && outOfBreach == null && open != null && atMs >= open.startMs();
      if (!isBreach && breach == null && !isOut) {
        continue;
      }
      Point point = point(kind, atMs, walk, isRefund, balance);
      outOfBreach = isOut ? point : outOfBreach;
      notice(point);

      if (breach == null && point.opens()) {
        breach = new Breach(atMs, new ArrayList<>(), null);
      }
      if (breach != null && !isBreach) {
        found.add(new Breach(breach.startMs(), breach.points(), point));
        breach = null;
      } else if (breach != null && kind != Point.Kind.EXPIRY) {
        breach.points().add(point);
      }
    }
    if (breach != null) {
      found.add(breach);
    }
    return found;
  }

  /** What was going on when the instant began. */
  private @Nullable Breach announcedBefore(long instantMs) {
    Episode before = announced.open();
    for (Episode episode : announced.ended()) {
      if (episode.startMs() < instantMs && episode.endMs() >= instantMs) {
        before = episode;
      }
    }
    return before == null || before.startMs() >= instantMs
        ? null
        : new Breach(before.startMs(), new ArrayList<>(), null);
  }

  private byte currency(@Nullable AccountBalance balance) {
    return (byte) currencies.applyAsInt(balance == null ? null : balance.currency());
  }

  private Point point(
      Point.Kind kind, long atMs, Walk walk, boolean refund, @Nullable AccountBalance balance) {
    return new Point(
        atMs,
        kind,
        kind == Point.Kind.TRANSACTION ? transactionAt(atMs, walk) : Transition.NOBODY,
        refund,
        walk.exposureMinor(),
        walk.transactions(),
        balance);
  }

  /** Of all transactions of its instant, what came late is the last. */
  private Transition.At transactionAt(long atMs, Walk walk) {
    return cause instanceof LateTransaction(Transaction late)
            && late.eventTimeMs() == atMs
            && walk.isLastOfInstant()
        ? new Named(late.transactionId())
        : new Ranked(walk.rank());
  }

  private void notice(Point point) {
    boolean isOwn =
        switch (cause) {
          case LateTransaction _ -> point.transaction() instanceof Named;
          case LateVersion late ->
              point.kind() == Point.Kind.VERSION && point.version() == late.number();
        };
    if (isOwn) {
      own = point;
    }
  }

  /** Where nothing happened that still counts. */
  Point emptyAt(long atMs) {
    AccountBalance balance = versions.inForce(atMs);
    byte currency = currency(balance);
    return new Point(
        atMs,
        Point.Kind.VERSION,
        Transition.NOBODY,
        false,
        window.exposureAt(atMs, currency),
        window.transactionsAt(atMs, currency),
        balance);
  }
}
