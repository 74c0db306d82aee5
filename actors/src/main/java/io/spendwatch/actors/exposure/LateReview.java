package io.spendwatch.actors.exposure;

import io.spendwatch.actors.exposure.ExposureWindow.Walk;
import io.spendwatch.actors.exposure.Transition.Named;
import io.spendwatch.actors.exposure.Transition.Ranked;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.Episode;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What an out-of-order record, or a balance that came late, changes about a user's episodes.
 *
 * <p>From its instant on, the breaches are found anew and held against the episodes as announced.
 *
 * <ul>
 *   <li>The open episode belongs to the first breach that it overlaps, but to one of its own first
 *       instant only where none that lasts begins there. Where that breach has ended, it is CLEARED
 *       at that point; where there is none, at its own start.
 *   <li>A breach that lasts longer than every other episode that it overlaps is RAISED at its first
 *       point that none of them covers. Where there is no point, at the point of what came late, if
 *       it is in this breach, else at the last one. It is CLEARED where it has ended.
 *   <li>An episode of one instant covers one breach that ends in it, and no other: one of that
 *       instant, or one that began before and that no longer episode covers to its end.
 * </ul>
 *
 * All of it is marked late, but for what lies where nobody has looked before. What was announced
 * and has ended stays as it was announced. A second review of the same announces nothing.
 */
final class LateReview {

  private static final long OPEN = Episodes.OPEN;

  /** What came late. */
  sealed interface Cause {
    /** From where on it changes something. */
    long fromMs();

    /** For the ids of what it reveals. */
    String key();
  }

  /** A record, which the window has counted. */
  record LateTransaction(Transaction transaction) implements Cause {
    @Override
    public long fromMs() {
      return transaction.eventTimeMs();
    }

    @Override
    public String key() {
      return AlertIds.transaction(transaction.transactionId(), transaction.eventTimeMs());
    }
  }

  /**
   * A version of the balance, or that a closed account is open again.
   *
   * @param isNews false where it may have been looked at before: no more is looked at than was then
   */
  record LateVersion(long number, long fromMs, boolean isNews) implements Cause {
    @Override
    public String key() {
      return AlertIds.balanceChange(number);
    }
  }

  /** What the review goes through. */
  record Past(ExposureWindow window, BalanceVersions versions, ToIntFunction<String> currencies) {}

  /**
   * A maximal stretch in breach.
   *
   * @param startMs of its first point, or of the announced episode that it goes on from
   * @param points at which it could be raised, in order
   * @param end null while it lasts
   */
  private record Breach(long startMs, List<Point> points, @Nullable Point end) {
    long endMs() {
      return end == null ? OPEN : end.atMs();
    }

    boolean isOfOneInstant() {
      return startMs == endMs();
    }

    /** Both began and ended within one instant. */
    boolean isTheSameInstant(Episode episode) {
      return isOfOneInstant() && episode.startMs() == startMs && episode.endMs() == startMs;
    }

    boolean overlaps(Episode episode) {
      boolean ofOneInstant = episode.startMs() == episode.endMs();
      if (isOfOneInstant()) {
        return ofOneInstant
            ? episode.startMs() == startMs
            : episode.startMs() <= startMs && startMs <= episode.endMs();
      }
      return ofOneInstant
          ? startMs <= episode.startMs() && episode.startMs() <= endMs()
          : episode.startMs() < endMs() && startMs < episode.endMs();
    }
  }

  private final String userId;
  private final Past past;
  private final Cause cause;
  private final long lateToMs;
  private final long offset;
  private final List<Transition> out;
  private final List<Episode> ended = new ArrayList<>();
  private @Nullable Episode open;

  /** The first point from the start of the open episode on that is no breach. */
  private @Nullable Point outOfBreach;

  /** The point of what came late; null before it was come to. */
  private @Nullable Point own;

  /**
   * @param announced as announced: all that ended at or after the cause's instant
   * @param lateToMs what is announced of a point behind it is not late: nobody has looked there
   * @param offset of the record whose arrival led here; −1 where none did
   * @param out gets what has to be announced now
   */
  LateReview(
      String userId,
      Past past,
      Cause cause,
      long lateToMs,
      long offset,
      Episodes announced,
      List<Transition> out) {
    this.userId = userId;
    this.past = past;
    this.cause = cause;
    this.lateToMs = lateToMs;
    this.offset = offset;
    this.out = out;
    this.ended.addAll(announced.ended());
    this.open = announced.open();
  }

  /**
   * Announces the difference that there is.
   *
   * @param untilMs before which points without a transaction have been passed; not before the
   *     latest transaction
   */
  void run(long untilMs) {
    List<Breach> breaches = breaches(cause.fromMs(), untilMs);
    // Those of one instant cover one breach of it: they are taken out once they have.
    List<Episode> covering = new ArrayList<>(ended);
    boolean isOpenOver = open == null;
    for (Breach breach : breaches) {
      if (isCovered(breach, covering)) {
        continue;
      }
      if (!isOpenOver && isOfOpen(breach, breaches)) {
        isOpenOver = true;
        if (breach.end != null) {
          Episode over = end(breach.end, breach.end.causeOfEnd());
          // Where that has made it one of this instant, it has covered its one breach.
          if (!breach.isTheSameInstant(over)) {
            covering.add(over);
          }
        }
      } else {
        announce(breach, covering);
      }
    }
    if (!isOpenOver && open != null && open.startMs() >= cause.fromMs()) {
      endWithoutBreach(open.startMs());
    }
  }

  /**
   * Nothing has opened the open episode, as it turns out: it is over at its start, or soon after.
   */
  private void endWithoutBreach(long startMs) {
    Point start =
        outOfBreach != null && outOfBreach.atMs() == startMs ? outOfBreach : emptyAt(startMs);
    if (!start.isBreach()) {
      end(start, causeOfVanishing());
    } else if (outOfBreach != null) {
      end(outOfBreach, outOfBreach.causeOfEnd());
    }
  }

  /** The open episode after the review; null for none. */
  @Nullable Episode open() {
    return open;
  }

  /** The ended episodes after the review. */
  List<Episode> ended() {
    return List.copyOf(ended);
  }

  private List<Breach> breaches(long fromMs, long untilMs) {
    BalanceVersions versions = past.versions;
    AccountBalance balance = versions.inForce(fromMs);
    Walk walk = past.window.walk(fromMs, currency(balance));
    int version = versions.firstFrom(fromMs);

    // What leaves at the instant of the latest transaction has left, whether that one counts or
    // not.
    long latestMs = past.window.latestMs();
    List<Breach> found = new ArrayList<>();
    Breach breach = announcedBefore(fromMs);
    Point before = point(Point.Kind.VERSION, fromMs - 1, walk, false, balance);
    if (breach == null && isNews() && before.isBreach()) {
      // An episode that began later covered this breach, and may not any more: where it began
      // tells.
      long earliestMs = latestMs - ExposureWindow.WINDOW_MS + 1;
      if (earliestMs < fromMs && versions.covers(earliestMs)) {
        return breaches(earliestMs, untilMs);
      }
    }
    if (breach != null && !before.isBreach()) {
      if (isNews()) {
        // A balance that began too long ago to be reviewed has ended it.
        found.add(new Breach(breach.startMs, breach.points, before));
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
        found.add(new Breach(breach.startMs, breach.points, point));
        breach = null;
      } else if (breach != null && kind != Point.Kind.EXPIRY) {
        breach.points.add(point);
      }
    }
    if (breach != null) {
      found.add(breach);
    }
    return found;
  }

  private boolean isNews() {
    return !(cause instanceof LateVersion late && !late.isNews());
  }

  /** What was going on when the instant began. */
  private @Nullable Breach announcedBefore(long instantMs) {
    Episode before = open;
    for (Episode episode : ended) {
      if (episode.startMs() < instantMs && episode.endMs() >= instantMs) {
        before = episode;
      }
    }
    return before == null || before.startMs() >= instantMs
        ? null
        : new Breach(before.startMs(), new ArrayList<>(), null);
  }

  private byte currency(@Nullable AccountBalance balance) {
    return (byte) past.currencies.applyAsInt(balance == null ? null : balance.currency());
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

  /** One that lasts has a better claim than one that began and ended where it begins. */
  private boolean isOfOpen(Breach breach, List<Breach> breaches) {
    if (open == null || !breach.overlaps(open)) {
      return false;
    }
    long startMs = open.startMs();
    boolean isGoneAtOnce = breach.isOfOneInstant() && breach.startMs == startMs;
    return !isGoneAtOnce
        || breaches.stream().noneMatch(b -> b.startMs == startMs && !b.isOfOneInstant());
  }

  private static boolean isCovered(Breach breach, List<Episode> covering) {
    for (Episode episode : covering) {
      if (breach.isTheSameInstant(episode)) {
        return covering.remove(episode);
      }
    }
    return false;
  }

  private void announce(Breach breach, List<Episode> covering) {
    long coveredToMs = Long.MIN_VALUE;
    for (Episode episode : covering) {
      if (breach.overlaps(episode)) {
        coveredToMs = Math.max(coveredToMs, episode.endMs());
      }
    }
    boolean isNew = coveredToMs == Long.MIN_VALUE;
    if (breach.endMs() <= coveredToMs) {
      useUp(breach, covering);
    } else if (isNews() || breach.startMs() >= cause.fromMs()) {
      // How a breach from before goes on was looked at then, with what only shows further back.
      raise(breach, isNew ? breach.points.getFirst() : uncovered(breach, coveredToMs));
    }
  }

  /** Where nothing but an episode of its last instant covers a breach, that one has covered it. */
  private static void useUp(Breach breach, List<Episode> covering) {
    Episode last = null;
    for (Episode episode : covering) {
      if (breach.overlaps(episode) && episode.endMs() >= breach.endMs()) {
        if (episode.startMs() != breach.endMs() || episode.endMs() != breach.endMs()) {
          return;
        }
        last = last == null ? episode : last;
      }
    }
    covering.remove(last);
  }

  private Point uncovered(Breach breach, long coveredToMs) {
    for (Point point : breach.points) {
      if (point.atMs() >= coveredToMs) {
        return point;
      }
    }
    if (own != null && breach.points.contains(own)) {
      return own;
    }
    return breach.points.isEmpty() ? emptyAt(coveredToMs) : breach.points.getLast();
  }

  private void raise(Breach breach, Point at) {
    String opening =
        at.kind() == Point.Kind.VERSION
            ? AlertIds.balanceChange(at.version())
            : "late:"
                + at.atMs()
                + ":"
                + (at.transaction() instanceof Ranked(int rank) ? rank : -1);
    Episode before = open;
    String revealing = isLate(at) ? cause.key() : opening;
    String episodeId = AlertIds.episodeId(userId, opening, revealing);
    open = new Episode(episodeId, at.atMs(), OPEN, 0);
    out.add(transition(AlertType.RAISED, episodeId, at, at.causeOfStart()));
    if (breach.end != null) {
      end(breach.end, breach.end.causeOfEnd());
      open = before;
    }
  }

  private Episode end(Point at, @Nullable AlertCause why) {
    Episode ending = Objects.requireNonNull(open, "an open episode");
    out.add(transition(AlertType.CLEARED, ending.episodeId(), at, why));
    Episode over = new Episode(ending.episodeId(), ending.startMs(), at.atMs(), 0);
    ended.add(over);
    open = null;
    return over;
  }

  private AlertCause causeOfVanishing() {
    return switch (cause) {
      case LateTransaction _ -> AlertCause.REFUND;
      case LateVersion _ -> AlertCause.BALANCE;
    };
  }

  /** Where nothing happened that still counts. */
  private Point emptyAt(long atMs) {
    AccountBalance balance = past.versions.inForce(atMs);
    byte currency = currency(balance);
    return new Point(
        atMs,
        Point.Kind.VERSION,
        Transition.NOBODY,
        false,
        past.window.exposureAt(atMs, currency),
        past.window.transactionsAt(atMs, currency),
        balance);
  }

  private Transition transition(
      AlertType type, String episodeId, Point at, @Nullable AlertCause why) {
    return new Transition(
        type,
        episodeId,
        at.atMs(),
        at.transaction(),
        at.exposureMinor(),
        at.transactions(),
        Objects.requireNonNull(at.balance(), "a balance"),
        isLate(at),
        cause instanceof LateTransaction(Transaction late) ? late.transactionId() : null,
        why,
        offset);
  }

  private boolean isLate(Point at) {
    return at.atMs() <= lateToMs;
  }
}
