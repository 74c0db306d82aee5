package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.ports.AccountBalance;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.pekko.actor.Props;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.jspecify.annotations.Nullable;

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

  /** One of them, as of its last command. */
  static final class Awake {
    private final String userId;
    private final ActorRef<UserActor.Command> actor;
    private int entries;

    /** In {@link #places}. */
    private int place;

    /** From where on versions of the balance matter. */
    private long reachMs;

    private long exposureMinor;
    private @Nullable AccountBalance balance;

    private Awake(String userId, ActorRef<UserActor.Command> actor) {
      this.userId = userId;
      this.actor = actor;
    }

    String userId() {
      return userId;
    }

    ActorRef<UserActor.Command> actor() {
      return actor;
    }

    /** Null without an account. */
    @Nullable AccountBalance balance() {
      return balance;
    }

    /**
     * As of the last command, minor units; 0 once the last transaction has left the window.
     *
     * @param nowMs stream time
     */
    long exposureMinor(long nowMs) {
      // A window with entries reaches back 24 h from the latest of them.
      return entries == 0 || reachMs <= nowMs - 2 * ExposureWindow.WINDOW_MS ? 0 : exposureMinor;
    }
  }

  private final ActorContext<PartitionCommand> context;

  /** Least recently used first. */
  private final Map<String, Awake> users = new LinkedHashMap<>(16, 0.75f, true);

  /** All of them, in no order, to go through some of them at a time. */
  private final List<Awake> places = new ArrayList<>();

  private long bytes;

  AwakeUsers(ActorContext<PartitionCommand> context) {
    this.context = context;
  }

  boolean contains(String userId) {
    return users.containsKey(userId);
  }

  /** Null for one who is not awake. */
  @Nullable ActorRef<UserActor.Command> get(String userId) {
    Awake user = users.get(userId);
    return user == null ? null : user.actor;
  }

  /** Null for one who is not awake. A use of the user. */
  @Nullable Awake find(String userId) {
    return users.get(userId);
  }

  /** Tells something to a user who is awake. */
  void tell(String userId, UserActor.Command command) {
    theAwake(userId).actor.tell(command);
  }

  private Awake theAwake(String userId) {
    return Objects.requireNonNull(users.get(userId), "awake");
  }

  /** The user at this place, from 0 to below {@link #size}; places change as users come and go. */
  Awake at(int place) {
    return places.get(place);
  }

  /** Whether this one, who was {@link #at} some place, still is at one. No use of the user. */
  boolean contains(Awake user) {
    return user.place < places.size() && places.get(user.place) == user;
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
    Awake user = new Awake(as.userId(), actor);
    user.reachMs = as.knownFromMs();
    user.place = places.size();
    places.add(user);
    users.put(as.userId(), user);
    bytes += bytesOf(user);
  }

  /** A user who is awake stands so now. */
  void update(UserActor.Done done) {
    update(theAwake(done.userId()), done);
  }

  /** The same, of one who was found before. */
  void update(Awake user, UserActor.Done done) {
    bytes += (long) ENTRY_BYTES * (done.entries() - user.entries);
    user.entries = done.entries();
    user.reachMs = done.reachMs();
    user.exposureMinor = done.exposureMinor();
    user.balance = done.balance();
  }

  /** From where on versions of the balance matter, of a user who is awake. */
  long reachMs(String userId) {
    return theAwake(userId).reachMs;
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
    Awake last = places.removeLast();
    if (last != user) {
      places.set(user.place, last);
      last.place = user.place;
    }
    context.stop(user.actor);
  }
}
