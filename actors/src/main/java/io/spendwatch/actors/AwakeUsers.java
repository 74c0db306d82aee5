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

  private final ActorContext<PartitionCommand> context;

  /** Least recently used first. */
  private final Map<String, ActorRef<UserActor.Command>> users =
      new LinkedHashMap<>(16, 0.75f, true);

  AwakeUsers(ActorContext<PartitionCommand> context) {
    this.context = context;
  }

  boolean contains(String userId) {
    return users.containsKey(userId);
  }

  /** Null for one who is not awake. */
  ActorRef<UserActor.Command> get(String userId) {
    return users.get(userId);
  }

  Set<String> userIds() {
    return Set.copyOf(users.keySet());
  }

  void wake(String userId, Behavior<UserActor.Command> behavior) {
    users.put(userId, context.spawnAnonymous(behavior));
  }

  /** Forgets the user, who may not be awake. */
  void forget(String userId) {
    ActorRef<UserActor.Command> user = users.remove(userId);
    if (user != null) {
      context.stop(user);
    }
  }

  void forgetAll() {
    users.values().forEach(context::stop);
    users.clear();
  }

  /** Forgets the least recently used beyond this number. */
  void forgetBeyond(int max) {
    Iterator<ActorRef<UserActor.Command>> eldest = users.values().iterator();
    while (users.size() > max) {
      context.stop(eldest.next());
      eldest.remove();
    }
  }
}
