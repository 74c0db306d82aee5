package io.spendwatch.actors;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
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
      return Long.compare(atMs, other.atMs);
    }
  }

  private final Map<String, Watched> watched = new HashMap<>();

  /** By instant; an entry counts only while {@link #watched} says the same. */
  private final PriorityQueue<Due> queue = new PriorityQueue<>();

  /**
   * Watches a user with an open episode.
   *
   * @param wakeAtMs due once stream time has passed it; {@link Long#MAX_VALUE} for never
   * @param sinceMs start of the episode
   */
  void watch(String userId, long wakeAtMs, long sinceMs) {
    Watched before = watched.put(userId, new Watched(wakeAtMs, sinceMs));
    boolean isQueued = before != null && before.wakeAtMs == wakeAtMs;
    if (!isQueued && wakeAtMs != Long.MAX_VALUE) {
      queue.add(new Due(wakeAtMs, userId));
    }
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
    watched.remove(userId);
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
    while (!queue.isEmpty() && queue.peek().atMs < beforeMs) {
      Due next = queue.peek();
      Watched current = watched.get(next.userId);
      if (current != null && current.wakeAtMs == next.atMs) {
        if (needsRoom.test(next.userId) && --room < 0) {
          break;
        }
        watched.put(next.userId, new Watched(Long.MAX_VALUE, current.sinceMs));
        users.add(next.userId);
      }
      queue.poll();
    }
    return users;
  }
}
