package io.spendwatch.actors.partition;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.pekko.actor.Props;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;

/** The users of a partition that are in memory, each an actor. Lives in the partition's actor. */
final class AwakeUsers {

  /**
   * What a user and an entry of its window take at most: more than {@code bench --only memory}
   * finds.
   */
  private static final int USER_BYTES = 1_100;

  private static final int ENTRY_BYTES = 17;

  /**
   * One for all: spawned in the typed way, each actor would keep a copy of its own. That is 175 B,
   * against 115 B for the supervision that comes with this one.
   */
  private static final Props USER =
      Adapter.props(
          UserActor::create, DispatcherSelector.fromConfig("spendwatch.actors.user-dispatcher"));

  private static final class Awake {
    final ActorRef<UserActor.Command> actor;
    int entries;

    /** From where on versions of the balance matter. */
    long reachMs;

    Awake(ActorRef<UserActor.Command> actor) {
      this.actor = actor;
    }
  }

  private final ActorContext<PartitionCommand> context;

  /** Least recently used first. */
  private final Map<String, Awake> users = new LinkedHashMap<>(16, 0.75f, true);

  private long bytes;

  AwakeUsers(ActorContext<PartitionCommand> context) {
    this.context = context;
  }

  boolean contains(String userId) {
    return users.containsKey(userId);
  }

  /** Null for one who is not awake. */
  ActorRef<UserActor.Command> get(String userId) {
    Awake user = users.get(userId);
    return user == null ? null : user.actor;
  }

  /** The first so many of these, in the order of their ids. O(n), and no use of any of them. */
  SortedMap<String, ActorRef<UserActor.Command>> first(int usersMax, Predicate<String> ofThese) {
    var first = new TreeMap<String, ActorRef<UserActor.Command>>();
    users.forEach(
        (userId, user) -> {
          boolean isAmongThem = first.size() < usersMax || userId.compareTo(first.lastKey()) < 0;
          if (isAmongThem && ofThese.test(userId)) {
            first.put(userId, user.actor);
            if (first.size() > usersMax) {
              first.pollLastEntry();
            }
          }
        });
    return first;
  }

  Set<String> userIds() {
    return new HashSet<>(users.keySet());
  }

  int size() {
    return users.size();
  }

  /** What they take at most. */
  long bytes() {
    return bytes;
  }

  void wake(UserActor.Restore as) {
    ActorRef<UserActor.Command> actor = Adapter.toTyped(Adapter.actorOf(context, USER));
    actor.tell(as);
    Awake user = new Awake(actor);
    user.reachMs = as.knownFromMs();
    users.put(as.userId(), user);
    bytes += bytesOf(user);
  }

  /**
   * A user who is awake now has so many entries in its window.
   *
   * @param reachMs from where on versions of the balance matter
   */
  void hasEntries(String userId, int now, long reachMs) {
    Awake user = users.get(userId);
    bytes += (long) ENTRY_BYTES * (now - user.entries);
    user.entries = now;
    user.reachMs = reachMs;
  }

  /** From where on versions of the balance matter, of a user who is awake. */
  long reachMs(String userId) {
    return users.get(userId).reachMs;
  }

  /** Forgets the user, who may not be awake. */
  void forget(String userId) {
    Awake user = users.remove(userId);
    if (user != null) {
      stop(user);
    }
  }

  void forgetAll() {
    users.values().forEach(this::stop);
    users.clear();
  }

  /** Forgets the least recently used beyond these numbers. */
  void forgetBeyond(int usersMax, long bytesMax) {
    Iterator<Awake> eldest = users.values().iterator();
    while (users.size() > usersMax || (bytes > bytesMax && eldest.hasNext())) {
      stop(eldest.next());
      eldest.remove();
    }
  }

  private static long bytesOf(Awake user) {
    return USER_BYTES + (long) ENTRY_BYTES * user.entries;
  }

  private void stop(Awake user) {
    bytes -= bytesOf(user);
    context.stop(user.actor);
  }
}
