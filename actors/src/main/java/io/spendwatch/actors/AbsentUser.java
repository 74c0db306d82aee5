package io.spendwatch.actors;

import io.spendwatch.actors.History.UserHistory;
import io.spendwatch.actors.History.UserQuery;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows a user who is not awake, without waking it: reads, answers once, and is gone. What cannot
 * be read or shown is answered as unknown.
 */
final class AbsentUser {

  private static final Logger log = LoggerFactory.getLogger(AbsentUser.class);

  /** {@code history} is null where it could not be read. */
  private record Read(UserHistory history) {}

  private AbsentUser() {}

  /**
   * @param streamTimeMs the partition's; {@link Long#MIN_VALUE} before any
   */
  static Behavior<?> show(
      String userId, long streamTimeMs, History history, ActorRef<UserView> replyTo) {
    var query = new UserQuery(userId, Math.max(0, streamTimeMs) - ExposureWindow.RETENTION_MS);
    return Behaviors.<Read>setup(
        context -> {
          context.pipeToSelf(
              history.users(List.of(query)),
              (histories, failure) -> new Read(failure == null ? histories.get(userId) : null));
          return Behaviors.receiveMessage(
              read -> {
                replyTo.tell(view(query, streamTimeMs, read.history));
                return Behaviors.stopped();
              });
        });
  }

  private static UserView view(UserQuery query, long streamTimeMs, UserHistory history) {
    if (history != null) {
      try {
        return UserExposure.restored(
                query.userId(), history, query.knownFromMs(), streamTimeMs, new ArrayList<>())
            .view(streamTimeMs);
      } catch (RuntimeException e) {
        log.error("user {} cannot be shown", query.userId(), e);
      }
    }
    return UserView.unknown(query.userId());
  }
}
