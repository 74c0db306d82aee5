package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.UserWindow;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Gathers what some users show of their windows, answers once, and is gone. Without those who are
 * stopped before they could, or whose memory is not to be trusted.
 */
final class WindowGathering {

  sealed interface Message {
    String userId();
  }

  /** What {@link UserActor.ShowWindow} is answered with. */
  record Shown(UserWindow window) implements Message {
    @Override
    public String userId() {
      return window.userId();
    }
  }

  /** The user has nothing to show. */
  record Nothing(String userId) implements Message {}

  private final Set<String> missing;
  private final List<UserWindow> windows = new ArrayList<>();
  private final PartitionWindows nobody;
  private final ActorRef<PartitionWindows> replyTo;

  private WindowGathering(
      Set<String> userIds, PartitionWindows nobody, ActorRef<PartitionWindows> replyTo) {
    this.missing = new HashSet<>(userIds);
    this.nobody = nobody;
    this.replyTo = replyTo;
  }

  /**
   * Waits for the users' answers; somebody else asks them.
   *
   * @param users by their ids; not empty
   * @param nobody the answer, but for the users
   */
  static Behavior<Message> create(
      Map<String, ActorRef<UserActor.Command>> users,
      PartitionWindows nobody,
      ActorRef<PartitionWindows> replyTo) {
    return Behaviors.setup(
        context -> {
          users.forEach((userId, user) -> context.watchWith(user, new Nothing(userId)));
          return Behaviors.receiveMessage(
              new WindowGathering(users.keySet(), nobody, replyTo)::onMessage);
        });
  }

  private Behavior<Message> onMessage(Message message) {
    if (missing.remove(message.userId()) && message instanceof Shown(UserWindow window)) {
      windows.add(window);
    }
    if (!missing.isEmpty()) {
      return Behaviors.same();
    }
    replyTo.tell(nobody.with(windows));
    return Behaviors.stopped();
  }
}
