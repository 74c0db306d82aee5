package io.spendwatch.actors;

import io.spendwatch.actors.History.Episode;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.List;

/**
 * What an out-of-order record changes about a user's episodes.
 *
 * <p>From the record on, the breaches are found anew and held against the episodes as announced.
 * Each announced episode belongs to the first breach that it overlaps.
 *
 * <ul>
 *   <li>A breach with the open episode: where the breach has ended, the episode is CLEARED at that
 *       instant.
 *   <li>A breach that lasts longer than every episode of its own: RAISED at its first transaction
 *       that none of them covers (where there is none: at the end of the last of them), and CLEARED
 *       where it has ended.
 *   <li>The open episode without a breach: CLEARED at its own start.
 * </ul>
 *
 * All of it is marked late. What was announced and has ended stays as it was announced.
 */
final class LateReview {

  private static final long OPEN = Long.MAX_VALUE;

  private final String userId;
  private final ExposureWindow window;
  private final AccountBalance balance;
  private final Received received;
  private final Transaction record;
  private final List<Transition> out;
  private final List<Episode> ended = new ArrayList<>();
  private Episode open;

  /** A maximal interval [startMs, endMs) found anew, with what is to be said of its ends. */
  private record Breach(Point start, Point end) {
    long startMs() {
      return start.atMs;
    }

    long endMs() {
      return end == null ? OPEN : end.atMs;
    }

    boolean overlaps(Episode episode) {
      return episode.startMs() < endMs() && startMs() < episode.endMs();
    }
  }

  /** An instant of the walk; rank −1 where no transaction was counted at it. */
  private record Point(long atMs, int rank, long exposureMinor, int transactions, boolean refund) {}

  /**
   * Reviews a record that {@code window} has just counted, its position going back for it.
   *
   * @param ended episodes as announced; all that end after the record
   * @param open as announced, or null
   * @param out gets what has to be announced now
   */
  LateReview(
      String userId,
      ExposureWindow window,
      AccountBalance balance,
      Received received,
      List<Episode> ended,
      Episode open,
      List<Transition> out) {
    this.userId = userId;
    this.window = window;
    this.balance = balance;
    this.received = received;
    this.record = received.transaction();
    this.ended.addAll(ended);
    this.open = open;
    this.out = out;
  }

  /** Brings the window back to rest at {@code restMs} and announces the difference. */
  void run(long restMs) {
    List<Episode> announced = new ArrayList<>(ended);
    if (open != null) {
      announced.add(open);
    }
    announced.removeIf(episode -> episode.endMs() <= record.eventTimeMs());
    for (Breach breach : breaches(covering(announced), restMs)) {
      announce(breach, announced);
    }
    if (open != null && announced.contains(open)) {
      long startMs = open.startMs();
      end(
          new Point(startMs, -1, window.exposureAt(startMs), window.transactionsAt(startMs), true),
          record.transactionId());
    }
  }

  /** The open episode after the review; null for none. */
  Episode open() {
    return open;
  }

  /** The ended episodes after the review. */
  List<Episode> ended() {
    return List.copyOf(ended);
  }

  private Episode covering(List<Episode> announced) {
    for (Episode episode : announced) {
      if (episode.startMs() <= record.eventTimeMs()) {
        return episode;
      }
    }
    return null;
  }

  private List<Breach> breaches(Episode covering, long restMs) {
    List<Breach> found = new ArrayList<>();
    Point start = covering == null ? null : new Point(covering.startMs(), -1, 0, 0, false);
    long instantMs = record.eventTimeMs();
    do {
      boolean breach = window.exposureMinor() > balance.balanceMinor();
      boolean counted = window.countedAt(instantMs);
      if (breach && start == null && counted) {
        start = point(instantMs, true);
      } else if (!breach && start != null) {
        // Where an announced episode turns out to be over at its own start, no breach is left of
        // it.
        if (start.rank >= 0 || instantMs > start.atMs) {
          found.add(new Breach(start, point(instantMs, counted)));
        }
        start = null;
      }
      instantMs = window.step(restMs);
    } while (instantMs != ExposureWindow.AT_REST);
    if (start != null) {
      found.add(new Breach(start, null));
    }
    return found;
  }

  private Point point(long instantMs, boolean counted) {
    return new Point(
        instantMs,
        counted ? window.rankOfLastCounted() : -1,
        window.exposureMinor(),
        window.transactions(),
        counted && window.lastCountedMinor() < 0);
  }

  /** Takes the episodes of this breach out of {@code announced}. */
  private void announce(Breach breach, List<Episode> announced) {
    long coveredToMs = Long.MIN_VALUE;
    boolean isOpenOne = false;
    for (Episode episode : List.copyOf(announced)) {
      if (breach.overlaps(episode)) {
        announced.remove(episode);
        coveredToMs = Math.max(coveredToMs, episode.endMs());
        isOpenOne |= episode.equals(open);
      }
    }
    if (isOpenOne) {
      if (breach.end != null) {
        end(breach.end, idAt(breach.end));
      }
    } else if (breach.endMs() > coveredToMs) {
      raise(breach, coveredToMs);
    }
  }

  private void raise(Breach breach, long coveredToMs) {
    Point at = breach.start;
    if (coveredToMs != Long.MIN_VALUE) {
      long firstMs = window.firstCountedFrom(coveredToMs);
      boolean atTransaction = firstMs < breach.endMs();
      long atMs = atTransaction ? firstMs : coveredToMs;
      at =
          new Point(
              atMs,
              atTransaction ? 0 : -1,
              window.exposureAt(atMs),
              window.transactionsAt(atMs),
              false);
    }
    String episodeId =
        AlertIds.episodeId(
            userId,
            "late:" + at.atMs + ":" + at.rank,
            AlertIds.transaction(record.transactionId(), record.eventTimeMs()));
    Episode before = open;
    open = new Episode(episodeId, at.atMs, OPEN);
    boolean otherTransaction = at.rank >= 0 && at.atMs != record.eventTimeMs();
    String id = otherTransaction ? null : record.transactionId();
    out.add(transition(AlertType.RAISED, episodeId, at, id, null));
    if (breach.end != null) {
      end(breach.end, idAt(breach.end));
      open = before;
    }
  }

  private void end(Point at, String transactionId) {
    AlertCause cause = at.refund ? AlertCause.REFUND : AlertCause.EXPIRY;
    out.add(transition(AlertType.CLEARED, open.episodeId(), at, transactionId, cause));
    ended.add(new Episode(open.episodeId(), open.startMs(), at.atMs));
    open = null;
  }

  /**
   * The record's id where the point is the record's; other transactions are known by instant and
   * rank only.
   */
  private String idAt(Point point) {
    return point.rank >= 0 && point.atMs == record.eventTimeMs() ? record.transactionId() : null;
  }

  private Transition transition(
      AlertType type, String episodeId, Point at, String transactionId, AlertCause cause) {
    return new Transition(
        type,
        episodeId,
        at.atMs,
        transactionId,
        transactionId == null ? at.rank : -1,
        at.exposureMinor,
        at.transactions,
        balance,
        true,
        cause,
        received.offset());
  }
}
