package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.UserExposure;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.ports.History;
import io.spendwatch.actors.ports.History.UserHistory;
import io.spendwatch.actors.ports.History.UserQuery;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows a user who is not awake, without waking it: reads, answers once, and is gone. What cannot
 * be read or shown is answered as unknown.
 */
public final class AbsentUser {

  private static final Logger log = LoggerFactory.getLogger(AbsentUser.class);

  private sealed interface Message {}

  private record StreamTime(long ms) implements Message {}

  /** {@code history} is null where it could not be read. */
  private record Read(UserHistory history) implements Message {}

  private AbsentUser() {}

  /** One whose partition has no actor here: as of the stream time that is stored. */
  public static Behavior<?> show(
      String userId, int partition, History history, ActorRef<UserView> replyTo) {
    return Behaviors.<Message>setup(
        context -> {
          context.pipeToSelf(
              history.partition(partition),
              (stored, failure) ->
                  failure == null ? new StreamTime(stored.streamTimeMs()) : new Read(null));
          return Behaviors.receiveMessage(
              message ->
                  switch (message) {
                    case StreamTime(long ms) -> reading(context, userId, ms, history, replyTo);
                    case Read _ -> answer(replyTo, UserView.unknown(userId));
                  });
        });
  }

  /**
   * Reads the user, answers, and is gone.
   *
   * @param streamTimeMs the partition's; {@link Long#MIN_VALUE} before any
   */
  public static Behavior<?> show(
      String userId, long streamTimeMs, History history, ActorRef<UserView> replyTo) {
    return Behaviors.<Message>setup(
        context -> reading(context, userId, streamTimeMs, history, replyTo));
  }

  private static Behavior<Message> reading(
      ActorContext<Message> context,
      String userId,
      long streamTimeMs,
      History history,
      ActorRef<UserView> replyTo) {
    var query = new UserQuery(userId, Math.max(0, streamTimeMs) - ExposureWindow.RETENTION_MS);
    context.pipeToSelf(
        history.users(List.of(query)),
        (histories, failure) -> new Read(failure == null ? histories.get(userId) : null));
    return Behaviors.receiveMessage(
        message ->
            switch (message) {
              case Read(UserHistory read) -> answer(replyTo, view(query, streamTimeMs, read));
              case StreamTime _ -> Behaviors.unhandled();
            });
  }

  private static Behavior<Message> answer(ActorRef<UserView> replyTo, UserView view) {
    replyTo.tell(view);
    return Behaviors.stopped();
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
