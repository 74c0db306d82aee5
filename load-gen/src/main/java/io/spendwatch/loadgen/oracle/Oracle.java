package io.spendwatch.loadgen.oracle;

import io.spendwatch.loadgen.oracle.Timeline.Kind;
import io.spendwatch.loadgen.oracle.Timeline.Point;
import io.spendwatch.loadgen.oracle.Timeline.Version;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The rule, written so plainly that it is obviously right, and apart from the code that it
 * assesses: every answer is summed anew from the list of what has arrived. All of it is in one
 * currency.
 *
 * <p>A balance is a version, in force for event times after its instant. At points, in order, the
 * exposure is held against it: what leaves the window, together with the first transaction of that
 * instant; each further transaction; each version of that instant.
 *
 * <p>Transactions and versions may arrive in any order. A user's time passes with the user's own
 * transactions, and where somebody says so: in earnest, other users' transactions move it on, which
 * decides what of that which comes out of order was announced before. For one thread.
 */
public final class Oracle {
  /**
   * Length of the window, milliseconds, as the contract has it: not by the code that it assesses.
   */
  public static final long WINDOW_MS = 24L * 60 * 60 * 1000;

  private static final long OPEN = Long.MAX_VALUE;

  /** What became of one arrival. */
  public sealed interface Arrival {}

  /**
   * It counts.
   *
   * @param exposureMinor over (t − 24 h, t] at its own event time t, as known at its arrival
   * @param balanceMinor in force at t, as known at its arrival; null without an account
   */
  public record Counted(long exposureMinor, Long balanceMinor) implements Arrival {
    public boolean breach() {
      return balanceMinor != null && exposureMinor > balanceMinor;
    }
  }

  /** The same transaction of the same user was there before. */
  public record Duplicate() implements Arrival {}

  private final Map<String, User> users = new HashMap<>();
  private final List<KnownAlert> alerts = new ArrayList<>();

  /** Sets a user's balance for all times, before the user's first transaction. */
  public void account(String userId, long balanceMinor) {
    balance(userId, Timeline.ALWAYS, balanceMinor);
  }

  /** Takes the next version of a balance in order of arrival; one that is known changes nothing. */
  public void balance(String userId, long asOfMs, long balanceMinor) {
    User user = user(userId);
    var version = new Version(asOfMs, balanceMinor);
    if (user.timeline.contains(version)) {
      return;
    }
    boolean isFirst = user.timeline.insert(version);
    // The first one of all is in force before its instant too.
    long fromMs = isFirst ? Timeline.ALWAYS : asOfMs;
    long announcedMs = user.lastAnnouncedMs();
    long settledMs = Math.max(user.timeline.latestMs(), announcedMs);
    if (fromMs < settledMs
        || fromMs == announcedMs
        || user.timeline.hasVersionIn(fromMs + 1, user.passedMs)) {
      review(user, Math.max(fromMs, user.timeline.latestMs() - WINDOW_MS + 1), null, version);
    } else if (fromMs < user.passedMs) {
      user.passedMs = Math.max(fromMs, settledMs);
    }
  }

  /** Other users' transactions let time pass: what is before the instant is dealt with. */
  public void passTime(String userId, long toMs) {
    pass(user(userId), toMs);
  }

  /** Takes the next transaction in order of arrival. */
  public Arrival arrive(Transaction transaction) {
    User user = user(transaction.userId());
    if (!user.transactionIds.add(transaction.transactionId())) {
      return new Duplicate();
    }
    long atMs = transaction.eventTimeMs();
    boolean tooLate = atMs <= user.timeline.latestMs() - WINDOW_MS;
    long announcedMs = user.lastAnnouncedMs();
    boolean inOrder =
        atMs >= user.timeline.latestMs()
            && (atMs > announcedMs || (atMs == announcedMs && !user.timeline.hasVersionAt(atMs)));
    if (inOrder) {
      user.passedMs = Math.min(user.passedMs, atMs);
      pass(user, atMs);
    }
    user.timeline.insert(transaction);
    var counted = new Counted(user.timeline.sum(atMs).minor(), user.timeline.balanceMinor(atMs));
    if (inOrder) {
      evaluate(user, user.timeline.transactionPoints(atMs).getLast());
    } else if (!tooLate && user.timeline.hasVersions()) {
      review(user, atMs, transaction, null);
    }
    return counted;
  }

  /**
   * All alerts, in the order in which they become known: those of the last episodes' ends come
   * last.
   */
  public List<KnownAlert> alerts() {
    for (User user :
        users.values().stream().sorted((a, b) -> a.userId.compareTo(b.userId)).toList()) {
      pass(user, Long.MAX_VALUE);
    }
    return alertsSoFar();
  }

  /** The alerts that the arrivals so far have led to. */
  public List<KnownAlert> alertsSoFar() {
    return List.copyOf(alerts);
  }

  /** Points without a transaction, before the instant, are dealt with. */
  private void pass(User user, long toMs) {
    if (toMs <= user.passedMs) {
      return;
    }
    if (!user.inEpisode() && !user.timeline.hasVersionIn(user.passedMs, toMs)) {
      user.passedMs = toMs;
      return;
    }
    for (Point point : user.timeline.points(user.passedMs, toMs)) {
      if (point.kind() != Kind.TRANSACTION) {
        evaluate(user, point);
      }
    }
    user.passedMs = toMs;
  }

  private void evaluate(User user, Point point) {
    if (user.inEpisode() ? point.ends() : point.opens()) {
      announce(user, point, point.cause(user.inEpisode()), false);
    }
  }

  /**
   * Holds the breaches, found anew from the instant on, against the episodes as announced; what was
   * announced stays, and only the difference is announced.
   *
   * @param late what came late, or null
   * @param version that came late, or null
   */
  private void review(User user, long fromMs, Transaction late, Version version) {
    AlertCause vanished = late == null ? AlertCause.BALANCE : AlertCause.REFUND;
    List<Point> points =
        user.timeline.points(fromMs, Math.max(user.passedMs, user.timeline.latestMs()));
    Episode open = user.inEpisode() ? user.episodes.getLast() : null;
    List<Episode> ended = new ArrayList<>(user.episodes);
    ended.remove(open);
    boolean openHasABreach = false;
    for (Breach breach : breaches(points, user.goingOnAt(fromMs))) {
      if (open != null && !openHasABreach && breach.overlaps(open)) {
        openHasABreach = true;
        if (breach.end() != null) {
          announce(user, breach.end(), breach.end().cause(true), true);
          ended.add(open);
        }
        continue;
      }
      List<Episode> its = ended.stream().filter(breach::overlaps).toList();
      if (breach.isOfOneInstant() && !its.isEmpty()) {
        if (its.getFirst().isOfOneInstant()) {
          ended.remove(its.getFirst());
        }
        continue;
      }
      long coveredToMs = its.stream().mapToLong(e -> e.endMs).max().orElse(Long.MIN_VALUE);
      if (breach.endMs() > coveredToMs) {
        Episode aside = user.setOpenAside();
        Point start =
            breach.points().stream()
                .filter(point -> point.atMs() >= coveredToMs)
                .findFirst()
                .or(() -> breach.points().stream().filter(p -> p.isOf(late, version)).findFirst())
                .orElseGet(
                    () ->
                        breach.points().isEmpty()
                            ? user.timeline.quiet(coveredToMs)
                            : breach.points().getLast());
        announce(user, start, start.cause(false), true);
        if (breach.end() != null) {
          announce(user, breach.end(), breach.end().cause(true), true);
          user.resume(aside);
        }
      }
    }
    if (open != null && !openHasABreach && open.startMs >= fromMs) {
      Point there =
          points.stream()
              .filter(point -> point.atMs() == open.startMs)
              .reduce((_, last) -> last)
              .orElseGet(() -> user.timeline.quiet(open.startMs));
      announce(user, there, vanished, true);
    }
  }

  /** All breaches among the points; the first may have begun before them. */
  private static List<Breach> breaches(List<Point> points, Episode goingOn) {
    List<Breach> found = new ArrayList<>();
    Breach breach = goingOn == null ? null : new Breach(goingOn.startMs, new ArrayList<>(), null);
    for (Point point : points) {
      if (breach == null && point.opens()) {
        breach = new Breach(point.atMs(), new ArrayList<>(), null);
      }
      if (breach != null && point.ends()) {
        found.add(new Breach(breach.startMs(), breach.points(), point));
        breach = null;
      } else if (breach != null && point.kind() != Kind.EXPIRY) {
        breach.points().add(point);
      }
    }
    if (breach != null) {
      found.add(breach);
    }
    return found;
  }

  /** Opens an episode where none is open; ends the open one. */
  private void announce(User user, Point at, AlertCause cause, boolean late) {
    boolean raised = !user.inEpisode();
    if (raised) {
      user.episodes.add(new Episode(at.atMs()));
    } else {
      user.episodes.getLast().endMs = at.atMs();
    }
    alerts.add(
        new KnownAlert(
            raised ? AlertType.RAISED : AlertType.CLEARED,
            user.userId,
            at.transaction() == null ? null : at.transaction().transactionId(),
            at.atMs(),
            at.sum().minor(),
            at.balance().balanceMinor(),
            late,
            cause));
  }

  private User user(String userId) {
    return users.computeIfAbsent(userId, User::new);
  }

  /** An episode as announced: [startMs, endMs). */
  private static final class Episode {
    private final long startMs;
    private long endMs = OPEN;

    Episode(long startMs) {
      this.startMs = startMs;
    }

    boolean isOfOneInstant() {
      return startMs == endMs;
    }
  }

  /**
   * A maximal stretch in breach.
   *
   * @param points at which it could have begun
   * @param end null where only what is to come ends it
   */
  private record Breach(long startMs, List<Point> points, Point end) {
    long endMs() {
      return end == null ? OPEN : end.atMs();
    }

    boolean isOfOneInstant() {
      return startMs == endMs();
    }

    boolean overlaps(Episode episode) {
      boolean startsInIt = episode.startMs <= startMs && startMs < episode.endMs;
      boolean holdsItsStart = startMs <= episode.startMs && episode.startMs < endMs();
      boolean sameInstant =
          isOfOneInstant() && episode.isOfOneInstant() && startMs == episode.startMs;
      return startsInIt || holdsItsStart || sameInstant;
    }
  }

  private static final class User {
    private final String userId;
    private final Set<String> transactionIds = new HashSet<>();
    private final Timeline timeline = new Timeline();

    /** In the order in which they were announced; the open one is the last. */
    private final List<Episode> episodes = new ArrayList<>();

    /** Before it, all points without a transaction have been dealt with. */
    private long passedMs = Timeline.ALWAYS;

    User(String userId) {
      this.userId = userId;
    }

    boolean inEpisode() {
      return !episodes.isEmpty() && episodes.getLast().endMs == OPEN;
    }

    /** Takes the open episode away, so that an older one can be announced; null for none. */
    Episode setOpenAside() {
      return inEpisode() ? episodes.removeLast() : null;
    }

    void resume(Episode open) {
      if (open != null) {
        episodes.add(open);
      }
    }

    /** The episode that had begun before the instant and had not ended before it; null for none. */
    Episode goingOnAt(long instantMs) {
      return episodes.stream()
          .filter(episode -> episode.startMs < instantMs && instantMs <= episode.endMs)
          .reduce((one, other) -> other.endMs == OPEN ? one : other)
          .orElse(null);
    }

    /** The latest start or end that was announced. */
    long lastAnnouncedMs() {
      return episodes.stream()
          .mapToLong(episode -> episode.endMs == OPEN ? episode.startMs : episode.endMs)
          .max()
          .orElse(Long.MIN_VALUE);
    }
  }
}
