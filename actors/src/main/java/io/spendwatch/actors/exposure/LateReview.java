package io.spendwatch.actors.exposure;

import io.spendwatch.actors.exposure.LateArrival.LateTransaction;
import io.spendwatch.actors.exposure.LateArrival.LateVersion;
import io.spendwatch.actors.exposure.Transition.Ranked;
import io.spendwatch.actors.ports.History.Episode;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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

  private final String userId;
  private final PastBreaches past;
  private final LateArrival cause;
  private final long lateToMs;
  private final long offset;
  private final List<Transition> out;
  private final List<Episode> ended = new ArrayList<>();
  private @Nullable Episode open;

  /**
   * @param past to be gone through, from the cause's instant on
   * @param announced as announced: all that ended at or after that instant
   * @param lateToMs what is announced of a point behind it is not late: nobody has looked there
   * @param offset of the record whose arrival led here; −1 where none did
   * @param out gets what has to be announced now
   */
  LateReview(
      String userId,
      PastBreaches past,
      LateArrival cause,
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
    List<Breach> breaches = past.find(untilMs);
    // Those of one instant cover one breach of it: they are taken out once they have.
    List<Episode> covering = new ArrayList<>(ended);
    boolean isOpenOver = open == null;
    for (Breach breach : breaches) {
      if (isCovered(breach, covering)) {
        continue;
      }
      if (!isOpenOver && isOfOpen(breach, breaches)) {
        isOpenOver = true;
        Point end = breach.end();
        if (end != null) {
          Episode over = end(end, end.causeOfEnd());
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
    Point outOfBreach = past.outOfBreach();
    Point start =
        outOfBreach != null && outOfBreach.atMs() == startMs ? outOfBreach : past.emptyAt(startMs);
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

  /** One that lasts has a better claim than one that began and ended where it begins. */
  private boolean isOfOpen(Breach breach, List<Breach> breaches) {
    if (open == null || !breach.overlaps(open)) {
      return false;
    }
    long startMs = open.startMs();
    boolean isGoneAtOnce = breach.isOfOneInstant() && breach.startMs() == startMs;
    return !isGoneAtOnce
        || breaches.stream().noneMatch(b -> b.startMs() == startMs && !b.isOfOneInstant());
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
    } else if (cause.isNews() || breach.startMs() >= cause.fromMs()) {
      // How a breach from before goes on was looked at then, with what only shows further back.
      raise(breach, isNew ? breach.points().getFirst() : uncovered(breach, coveredToMs));
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
    for (Point point : breach.points()) {
      if (point.atMs() >= coveredToMs) {
        return point;
      }
    }
    Point own = past.own();
    if (own != null && breach.points().contains(own)) {
      return own;
    }
    return breach.points().isEmpty() ? past.emptyAt(coveredToMs) : breach.points().getLast();
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
    Point end = breach.end();
    if (end != null) {
      end(end, end.causeOfEnd());
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
