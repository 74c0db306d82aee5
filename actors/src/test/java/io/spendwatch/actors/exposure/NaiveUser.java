package io.spendwatch.actors.exposure;

import io.spendwatch.actors.exposure.NaivePast.Kind;
import io.spendwatch.actors.exposure.NaivePast.Point;
import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.List;

/**
 * The rule for one user in the plainest way: records 0005 and 0017 over lists of all that has come,
 * every figure summed anew ({@link NaivePast}). Slow and obviously right; shares no code with the
 * product.
 */
public final class NaiveUser {
  private static final long NEVER = Long.MAX_VALUE;

  /**
   * A version of the balance.
   *
   * @param closed the account has gone, with this as its last balance
   */
  public record Version(
      long number, long asOfMs, long balanceMinor, String currency, boolean closed) {}

  /** What one row must say; verdict null where the record must be refused for its currency. */
  public record Row(long exposureMinor, Version balance, String verdict) {}

  /**
   * What one alert must say.
   *
   * @param episode counted from 0 in the order of their RAISED
   */
  public record Alert(
      String type,
      int episode,
      String transactionId,
      long exposureMinor,
      long balanceMinor,
      int transactions,
      long eventTimeMs,
      boolean late,
      String revealedBy,
      String cause) {}

  private static final class Episode {
    final int number;
    final long startMs;
    long endMs = NEVER;

    Episode(int number, long startMs) {
      this.number = number;
      this.startMs = startMs;
    }
  }

  private record Breach(long startMs, List<Point> points, Point end) {
    long endMs() {
      return end == null ? NEVER : end.atMs();
    }

    boolean overlaps(Episode episode) {
      if (startMs == endMs() && episode.startMs == episode.endMs) {
        return startMs == episode.startMs;
      }
      if (startMs == endMs()) {
        return episode.startMs <= startMs && startMs <= episode.endMs;
      }
      if (episode.startMs == episode.endMs) {
        return startMs <= episode.startMs && episode.startMs <= endMs();
      }
      return episode.startMs < endMs() && startMs < episode.endMs;
    }
  }

  private final NaivePast past = new NaivePast();

  /** The earliest of the versions that came together last. */
  private Version lateVersion;

  private final List<Episode> episodes = new ArrayList<>();
  private final List<Alert> alerts = new ArrayList<>();
  private long passedMs = Long.MIN_VALUE;

  /** All that must have been announced, in its order. */
  public List<Alert> alerts() {
    return alerts;
  }

  /** Event time of the latest transaction; MIN_VALUE without any. */
  public long latestMs() {
    return past.latestMs();
  }

  boolean isOpen() {
    return open() != null;
  }

  /** Points without a transaction before this instant are dealt with. */
  public void passTime(long toMs) {
    if (toMs <= passedMs) {
      return;
    }
    for (Point point : past.points(passedMs, toMs, toMs)) {
      if (point.kind() != Kind.TRANSACTION) {
        evaluate(point);
      }
    }
    passedMs = toMs;
  }

  /**
   * The next transaction, which is no duplicate.
   *
   * @param toMs until when time has passed
   */
  public Row arrive(Transaction transaction, long toMs) {
    passTime(toMs);
    long atMs = transaction.eventTimeMs();
    boolean tooLate = !past.isEmpty() && atMs <= latestMs() - NaivePast.DAY_MS;
    Version balance = past.inForce(atMs);
    if (refuses(transaction)) {
      return new Row(0, null, null);
    }
    boolean inOrder =
        atMs >= latestMs()
            && (atMs > boundaryMs()
                || (atMs == boundaryMs()
                    && past.versions.stream().noneMatch(v -> v.asOfMs == atMs)));
    if (!tooLate && inOrder) {
      passedMs = Math.min(passedMs, atMs);
      passTime(atMs);
    }
    past.add(transaction);
    long exposureMinor = past.sum(atMs, transaction.currency());
    if (tooLate) {
      return new Row(exposureMinor, existing(balance), "TOO_LATE");
    }
    if (inOrder) {
      passedMs = Math.max(passedMs, atMs);
      evaluate(
          new Point(
              atMs,
              Kind.TRANSACTION,
              transaction,
              exposureMinor,
              past.count(atMs, transaction.currency()),
              balance));
    } else if (!past.versions.isEmpty()) {
      review(atMs, transaction, Math.max(passedMs, toMs));
    }
    if (existing(balance) == null) {
      return new Row(exposureMinor, null, "NO_ACCOUNT");
    }
    return new Row(
        exposureMinor, balance, exposureMinor > balance.balanceMinor ? "BREACH" : "CLEAR");
  }

  /** Whether it is in another currency than counts at its event time. */
  public boolean refuses(Transaction transaction) {
    Version balance = past.inForce(transaction.eventTimeMs());
    String currency = past.currency(balance);
    return currency != null && !currency.equals(transaction.currency());
  }

  private static Version existing(Version balance) {
    return balance == null || balance.closed ? null : balance;
  }

  /**
   * Versions that have come, together; those that close the account among them.
   *
   * @param toMs until when time has passed
   */
  public void learn(List<Version> news, long toMs) {
    long begunMs = past.lastBegunMs(passedMs);
    past.add(news);
    // The last one that began before all that can still change matters, and those after it.
    long reachMs = past.isEmpty() ? Long.MIN_VALUE : latestMs() - NaivePast.DAY_MS;
    long floorMs = past.lastBegunMs(reachMs);
    List<Version> relevant = past.versions.stream().filter(v -> v.asOfMs >= floorMs).toList();
    lateVersion = relevant.stream().filter(news::contains).findFirst().orElse(null);
    if (lateVersion != null) {
      boolean isFirst = lateVersion.equals(relevant.getFirst());
      changed(isFirst ? Long.MIN_VALUE : lateVersion.asOfMs, begunMs, toMs);
    } else {
      passTime(toMs);
    }
  }

  private void changed(long fromMs, long begunMs, long toMs) {
    long settledMs = Math.max(latestMs(), boundaryMs());
    if (!past.isEmpty() && (fromMs < settledMs || fromMs < begunMs || fromMs == boundaryMs())) {
      long reviewedFromMs = Math.max(fromMs, latestMs() - NaivePast.DAY_MS + 1);

      review(reviewedFromMs, null, Math.max(passedMs, toMs));

    } else if (fromMs < passedMs) {
      passedMs = Math.max(fromMs, settledMs);
    }
    passTime(toMs);
  }

  private void evaluate(Point point) {
    if (open() == null && point.opens()) {
      raise(point, false, null);
    } else if (open() != null && point.balance() != null && !point.isBreach()) {
      close(open(), point, point.cause(), false, null);
    }
  }

  /** Decisions 0005 and 0017. */
  private void review(long changedFromMs, Transaction late, long untilMs) {
    long fromMs = reviewedFromMs(changedFromMs);
    String revealedBy = late == null ? null : late.transactionId();
    List<Point> points = past.points(fromMs, untilMs, NEVER);
    List<Episode> covering =
        new ArrayList<>(episodes.stream().filter(e -> e.endMs != NEVER).toList());
    covering.removeIf(e -> e.endMs <= latestMs() - NaivePast.DAY_MS && e.endMs < fromMs);
    Episode open = open();
    boolean openSeen = open == null;
    List<Breach> breaches = breaches(points, fromMs);
    for (Breach breach : breaches) {
      Episode same =
          covering.stream()
              .filter(e -> breach.startMs == breach.endMs())
              .filter(e -> e.startMs == breach.startMs && e.endMs == breach.startMs)
              .findFirst()
              .orElse(null);
      if (same != null) {
        covering.remove(same);
        continue;
      }
      boolean another =
          open != null
              && breach.startMs == open.startMs
              && breach.endMs() == open.startMs
              && breaches.stream()
                  .anyMatch(b -> b.startMs == open.startMs && b.endMs() > open.startMs);
      if (!openSeen && !another && breach.overlaps(open)) {
        openSeen = true;
        if (breach.end != null) {
          close(open, breach.end, breach.end.cause(), true, revealedBy);
          if (breach.startMs != breach.endMs()
              || open.startMs != breach.startMs
              || open.endMs != breach.startMs) {
            covering.add(open);
          }
        }
        continue;
      }
      List<Episode> own = covering.stream().filter(breach::overlaps).toList();

      long coveredToMs = own.stream().mapToLong(e -> e.endMs).max().orElse(Long.MIN_VALUE);
      if (breach.endMs() > coveredToMs) {
        Episode raised = raise(start(breach, own, coveredToMs, late), true, revealedBy);
        if (breach.end != null) {
          close(raised, breach.end, breach.end.cause(), true, revealedBy);
        }
      } else {
        List<Episode> toTheEnd = own.stream().filter(e -> e.endMs >= breach.endMs()).toList();
        boolean onlyOfItsLastInstant =
            toTheEnd.stream().allMatch(e -> e.startMs == e.endMs && e.endMs == breach.endMs());
        if (onlyOfItsLastInstant) {
          covering.remove(toTheEnd.getFirst());
        }
      }
    }
    if (!openSeen && open.startMs >= fromMs) {
      Point out =
          points.stream()
              .filter(point -> point.atMs() >= open.startMs && !point.isBreach())
              .findFirst()
              .orElse(null);
      Point start = out != null && out.atMs() == open.startMs ? out : past.pointAt(open.startMs);
      if (!start.isBreach()) {
        close(open, start, late == null ? "BALANCE" : "REFUND", true, revealedBy);
      } else if (out != null) {
        close(open, out, out.cause(), true, revealedBy);
      }
    }
    passedMs = untilMs;
  }

  /** From further back where a breach goes on that was not announced as one. */
  private long reviewedFromMs(long changedFromMs) {
    boolean isAnnounced =
        episodes.stream().anyMatch(e -> e.startMs < changedFromMs && e.endMs >= changedFromMs);
    return !isAnnounced && past.pointBefore(changedFromMs).isBreach()
        ? Math.min(changedFromMs, latestMs() - NaivePast.DAY_MS + 1)
        : changedFromMs;
  }

  private Point start(Breach breach, List<Episode> own, long coveredToMs, Transaction late) {
    if (own.isEmpty()) {
      return breach.points.getFirst();
    }
    for (Point point : breach.points) {
      if (point.atMs() >= coveredToMs) {
        return point;
      }
    }
    for (Point point : breach.points) {
      boolean isOwn =
          late == null
              ? point.kind() == Kind.VERSION && point.balance().equals(lateVersion)
              : point.counted() != null && point.counted().equals(late);
      if (isOwn) {
        return point;
      }
    }
    return breach.points.isEmpty() ? past.pointAt(coveredToMs) : breach.points.getLast();
  }

  private List<Breach> breaches(List<Point> points, long fromMs) {
    List<Breach> found = new ArrayList<>();
    Breach breach = null;
    for (Episode episode : episodes) {
      if (episode.startMs < fromMs && episode.endMs >= fromMs) {
        if (breach == null || episode.endMs != NEVER) {
          breach = new Breach(episode.startMs, new ArrayList<>(), null);
        }
      }
    }
    Point before = past.pointBefore(fromMs);
    if (breach != null && !before.isBreach()) {
      found.add(new Breach(breach.startMs, breach.points, before));
      breach = null;
    }
    for (Point point : points) {
      if (breach == null && point.opens()) {
        breach = new Breach(point.atMs(), new ArrayList<>(), null);
      }
      if (breach != null && !point.isBreach()) {
        found.add(new Breach(breach.startMs, breach.points, point));
        breach = null;
      } else if (breach != null && point.kind() != Kind.EXPIRY) {
        breach.points.add(point);
      }
    }
    if (breach != null) {
      found.add(breach);
    }
    return found;
  }

  private Episode raise(Point at, boolean late, String revealedBy) {
    Episode episode = new Episode(episodes.size(), at.atMs());
    episodes.add(episode);
    String cause = at.kind() == Kind.VERSION ? "BALANCE" : null;
    announce("RAISED", episode, at, cause, late, revealedBy);
    return episode;
  }

  private void close(Episode episode, Point at, String cause, boolean late, String revealedBy) {
    episode.endMs = at.atMs();
    announce("CLEARED", episode, at, cause, late, revealedBy);
  }

  private void announce(
      String type, Episode episode, Point at, String cause, boolean late, String revealedBy) {
    alerts.add(
        new Alert(
            type,
            episode.number,
            at.counted() == null ? null : at.counted().transactionId(),
            at.exposureMinor(),
            at.balance().balanceMinor,
            at.transactions(),
            at.atMs(),
            late,
            revealedBy,
            cause));
  }

  private Episode open() {
    return episodes.stream().filter(episode -> episode.endMs == NEVER).findFirst().orElse(null);
  }

  /** The last start or end that was announced. */
  private long boundaryMs() {
    return episodes.stream()
        .mapToLong(episode -> episode.endMs == NEVER ? episode.startMs : episode.endMs)
        .max()
        .orElse(Long.MIN_VALUE);
  }
}
