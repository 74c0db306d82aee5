package io.spendwatch.actors.partition;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The users of a partition who have to be looked at although no transaction of theirs may come:
 * those with an open episode or a version of the balance to come, and those whose state was
 * dropped. Each is due at an instant of stream time. Not thread-safe: lives in the partition's
 * actor.
 *
 * <p>So many are held at most, those who are due next. Of the others it is only known from when on
 * one of them is due, and how far back a look at any of them has to reach ({@link LetGo}): the
 * tables know them, and {@link Recall} finds them there when that instant has passed. In the
 * beginning, and after {@link #forgetAll}, that is everybody.
 */
final class WatchedUsers {

  /** Due before any other instant. */
  private static final long AT_ONCE = Long.MIN_VALUE;

  private static final long NEVER = Long.MAX_VALUE;

  /**
   * @param versionsFromMs versions of the balance to come do not begin before it
   */
  private record Watched(long wakeAtMs, long sinceMs, long versionsFromMs) {}

  private record Due(long atMs, String userId) implements Comparable<Due> {
    @Override
    public int compareTo(Due other) {
      int byInstant = Long.compare(atMs, other.atMs);
      return byInstant != 0 ? byInstant : userId.compareTo(other.userId);
    }
  }

  /**
   * What is known of users who are not held: the least of each, {@link Long#MAX_VALUE} where nobody
   * has any.
   *
   * @param dueMs once stream time has passed it, one of them is due
   * @param sinceMs what a look at one of them has to reach back to
   * @param versionsFromMs versions of their balances to come do not begin before it
   */
  private record LetGo(long dueMs, long sinceMs, long versionsFromMs) {
    static final LetGo NOBODY = new LetGo(NEVER, NEVER, NEVER);

    /** Whoever is to be watched is in the tables only. */
    static final LetGo EVERYBODY = new LetGo(AT_ONCE, Long.MIN_VALUE, NEVER);

    LetGo with(Watched user) {
      return new LetGo(
          Math.min(dueMs, user.wakeAtMs),
          Math.min(sinceMs, user.sinceMs),
          Math.min(versionsFromMs, user.versionsFromMs));
    }
  }

  private final int usersMax;
  private final Map<String, Watched> watched = new HashMap<>();

  /**
   * By instant, one for each of {@link #watched} who is due at some time, and none else: an episode
   * whose end moves with every transaction must not leave an entry for each of them.
   */
  private final NavigableSet<Due> queue = new TreeSet<>();

  /** How many in the queue are due at once. */
  private int atOnce;

  /** Those of {@link #watched} who are never due: being looked at, or unreadable. */
  private final SequencedSet<String> undue = new LinkedHashSet<>();

  private LetGo letGo = LetGo.EVERYBODY;

  /** Those let go who are being looked for. */
  private LetGo sought = LetGo.NOBODY;

  /** Of those let go while they were never due: nothing has them looked for. */
  private long undueSinceMs = NEVER;

  /**
   * @param usersMax who are held, at least 2; half of them may be {@link #room} for whoever is
   *     found again
   */
  WatchedUsers(int usersMax) {
    this.usersMax = usersMax;
  }

  /**
   * Watches a user with an open episode, or a version to come.
   *
   * @param wakeAtMs due once stream time has passed it; {@link Long#MAX_VALUE} for never
   * @param sinceMs start of the episode
   */
  void watch(String userId, long wakeAtMs, long sinceMs) {
    put(userId, new Watched(wakeAtMs, sinceMs, wakeAtMs));
  }

  private void put(String userId, Watched user) {
    unqueue(userId, watched.put(userId, user));
    if (user.wakeAtMs == NEVER) {
      undue.add(userId);
    } else {
      queue.add(new Due(user.wakeAtMs, userId));
      atOnce += user.wakeAtMs == AT_ONCE ? 1 : 0;
    }
    if (watched.size() > usersMax) {
      letGoOne();
    }
  }

  private void unqueue(String userId, @Nullable Watched before) {
    if (before == null) {
      return;
    }
    if (before.wakeAtMs == NEVER) {
      undue.remove(userId);
    } else {
      queue.remove(new Due(before.wakeAtMs, userId));
      atOnce -= before.wakeAtMs == AT_ONCE ? 1 : 0;
    }
  }

  /** The one who is due last; who is due at once goes after those who are never due. */
  private void letGoOne() {
    boolean isDueLater = !queue.isEmpty() && queue.last().atMs != AT_ONCE;
    String userId = isDueLater || undue.isEmpty() ? queue.last().userId : undue.getFirst();
    Watched user = Objects.requireNonNull(watched.get(userId), "watched");
    if (user.wakeAtMs == NEVER) {
      undueSinceMs = Math.min(undueSinceMs, user.sinceMs);
    } else {
      letGo = letGo.with(user);
    }
    forget(userId);
  }

  /** How many are waited for; never more than are watched. */
  int queued() {
    return queue.size();
  }

  /**
   * Has the user looked at with the next batch or tick.
   *
   * @param sinceMs what the look has to reach back to, unless an episode says so
   */
  void lookAt(String userId, long sinceMs) {
    put(userId, new Watched(AT_ONCE, Math.min(sinceMs, sinceMs(userId)), versionsFromMs(userId)));
  }

  /**
   * The same for one of whom the tables say all that there is to know.
   *
   * @param versionsFromMs versions of the balance to come do not begin before it; {@link
   *     Long#MAX_VALUE} where none is known
   */
  void recall(String userId, long sinceMs, long versionsFromMs) {
    Watched known = watched.getOrDefault(userId, new Watched(NEVER, sinceMs, versionsFromMs));
    put(
        userId,
        new Watched(
            AT_ONCE,
            Math.min(sinceMs, known.sinceMs),
            Math.min(versionsFromMs, known.versionsFromMs)));
  }

  /** The one user is not watched any more; the other is looked at in its place. */
  void takeOver(String before, String now) {
    recall(now, sinceMs(before), versionsFromMs(before));
    forget(before);
  }

  boolean contains(String userId) {
    return watched.containsKey(userId);
  }

  /** Whether the user is watched, and not due at once. */
  boolean isWaitedFor(String userId) {
    Watched user = watched.get(userId);
    return user != null && user.wakeAtMs != AT_ONCE;
  }

  Set<String> userIds() {
    return new HashSet<>(watched.keySet());
  }

  /**
   * What a look at this user has to reach back to; {@link Long#MAX_VALUE} for one who is not to be
   * watched. Of one who was let go, an earlier instant.
   */
  long sinceMs(String userId) {
    Watched user = watched.get(userId);
    return user == null
        ? Math.min(Math.min(letGo.sinceMs, sought.sinceMs), undueSinceMs)
        : user.sinceMs;
  }

  private long versionsFromMs(String userId) {
    Watched user = watched.get(userId);
    return user == null
        ? Math.min(letGo.versionsFromMs, sought.versionsFromMs)
        : user.versionsFromMs;
  }

  void forget(String userId) {
    unqueue(userId, watched.remove(userId));
  }

  /** Nobody is held: whoever is to be watched is in the tables. */
  void forgetAll() {
    watched.clear();
    queue.clear();
    atOnce = 0;
    undue.clear();
    letGo = LetGo.EVERYBODY;
    sought = LetGo.NOBODY;
    undueSinceMs = NEVER;
  }

  /**
   * Takes those that are due before this instant, in the order of their instants, up to the first
   * for whom there is no more room. Each is to be watched anew, or forgotten, once it has been
   * looked at.
   *
   * @param needsRoom whether to look at the user is more than memory can answer
   * @param roomMax how many such users are taken
   */
  Set<String> takeDue(long beforeMs, Predicate<String> needsRoom, int roomMax) {
    Set<String> users = new HashSet<>();
    int room = roomMax;
    while (!queue.isEmpty() && queue.first().atMs < beforeMs) {
      String userId = queue.first().userId;
      if (needsRoom.test(userId) && --room < 0) {
        break;
      }
      Watched user = Objects.requireNonNull(watched.get(userId), "watched");
      put(userId, new Watched(NEVER, user.sinceMs, user.versionsFromMs));
      users.add(userId);
    }
    return users;
  }

  /** Whether one of those let go is due, or was let go while it was due at once. */
  boolean isSomebodyMissed(long beforeMs) {
    return isSomebodyMissedAtOnce() || letGo.dueMs < beforeMs;
  }

  boolean isSomebodyMissedAtOnce() {
    return letGo.dueMs == AT_ONCE;
  }

  /** From now on those let go are looked for in the tables. */
  void seek() {
    sought = letGo;
    letGo = LetGo.NOBODY;
  }

  /** They have all been found, and are watched, or were let go anew. */
  void found() {
    sought = LetGo.NOBODY;
  }

  /** Whether all who are to be watched are looked for: nobody was held. */
  boolean seeksEverybody() {
    return sought.equals(LetGo.EVERYBODY);
  }

  boolean seeksAnybody() {
    return !sought.equals(LetGo.NOBODY);
  }

  /** No version to come of those who are looked for begins before it. */
  long soughtVersionsFromMs() {
    return sought.versionsFromMs;
  }

  /** How many may be found now: whoever is due at once is looked at first. */
  int room() {
    return Math.max(0, usersMax / 2 - atOnce);
  }
}
