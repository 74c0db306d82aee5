package io.spendwatch.actors.partition;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The users of a partition who have to be looked at although no transaction of theirs may come:
 * those with an open episode or a version of the balance to come, and those whose state was
 * dropped. Each is due at an instant of stream time. Not thread-safe: lives in the partition's
 * actor.
 */
final class WatchedUsers {

  /** Due before any other instant. */
  private static final long AT_ONCE = Long.MIN_VALUE;

  private record Watched(long wakeAtMs, long sinceMs) {}

  private record Due(long atMs, String userId) implements Comparable<Due> {
    @Override
    public int compareTo(Due other) {
      int byInstant = Long.compare(atMs, other.atMs);
      return byInstant != 0 ? byInstant : userId.compareTo(other.userId);
    }
  }

  private final Map<String, Watched> watched = new HashMap<>();

  /**
   * By instant, one for each of {@link #watched} who is due at some time, and none else: an episode
   * whose end moves with every transaction must not leave an entry for each of them.
   */
  private final NavigableSet<Due> queue = new TreeSet<>();

  /**
   * Watches a user with an open episode.
   *
   * @param wakeAtMs due once stream time has passed it; {@link Long#MAX_VALUE} for never
   * @param sinceMs start of the episode
   */
  void watch(String userId, long wakeAtMs, long sinceMs) {
    unqueue(userId, watched.put(userId, new Watched(wakeAtMs, sinceMs)));
    if (wakeAtMs != Long.MAX_VALUE) {
      queue.add(new Due(wakeAtMs, userId));
    }
  }

  private void unqueue(String userId, Watched before) {
    if (before != null) {
      queue.remove(new Due(before.wakeAtMs, userId));
    }
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
    watch(userId, AT_ONCE, Math.min(sinceMs, sinceMs(userId)));
  }

  boolean contains(String userId) {
    return watched.containsKey(userId);
  }

  Set<String> userIds() {
    return new HashSet<>(watched.keySet());
  }

  /**
   * What a look at this user has to reach back to; {@link Long#MAX_VALUE} for one who is not
   * watched.
   */
  long sinceMs(String userId) {
    Watched user = watched.get(userId);
    return user == null ? Long.MAX_VALUE : user.sinceMs;
  }

  void forget(String userId) {
    unqueue(userId, watched.remove(userId));
  }

  void forgetAll() {
    watched.clear();
    queue.clear();
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
      watch(userId, Long.MAX_VALUE, sinceMs(userId));
      users.add(userId);
    }
    return users;
  }
}
