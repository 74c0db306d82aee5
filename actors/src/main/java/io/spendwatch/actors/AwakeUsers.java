package io.spendwatch.actors;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/** The users of a partition that are in memory, each an actor. Lives in the partition's actor. */
final class AwakeUsers {

  private static final class Awake {
    final ActorRef<UserActor.Command> actor;
    int entries;

    Awake(ActorRef<UserActor.Command> actor) {
      this.actor = actor;
    }
  }

  private final ActorContext<PartitionCommand> context;

  /** Least recently used first. */
  private final Map<String, Awake> users = new LinkedHashMap<>(16, 0.75f, true);

  private long entries;

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

  Set<String> userIds() {
    return Set.copyOf(users.keySet());
  }

  int size() {
    return users.size();
  }

  void wake(String userId, Behavior<UserActor.Command> behavior) {
    users.put(userId, new Awake(context.spawnAnonymous(behavior)));
  }

  /** A user who is awake now has so many entries in its window. */
  void hasEntries(String userId, int now) {
    Awake user = users.get(userId);
    entries += now - user.entries;
    user.entries = now;
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
  void forgetBeyond(int usersMax, int entriesMax) {
    Iterator<Awake> eldest = users.values().iterator();
    while (users.size() > usersMax || (entries > entriesMax && eldest.hasNext())) {
      stop(eldest.next());
      eldest.remove();
    }
  }

  private void stop(Awake user) {
    entries -= user.entries;
    context.stop(user.actor);
  }
}
