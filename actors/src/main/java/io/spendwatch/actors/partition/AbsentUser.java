package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.UserExposure;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.ports.History;
import io.spendwatch.actors.ports.History.UserHistory;
import io.spendwatch.actors.ports.History.UserQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A user who is not awake, as its actor would be: read for one answer, without waking it. What
 * cannot be read or shown is {@link UserView#unavailable}. Stateless, for any thread.
 */
public final class AbsentUser {

  private static final Logger log = LoggerFactory.getLogger(AbsentUser.class);

  private AbsentUser() {}

  /**
   * One whose partition has no actor here: as of the stream time that is stored.
   *
   * @param executor where the window is built
   */
  public static CompletionStage<UserView> view(
      String userId, int partition, History history, Executor executor) {
    return history
        .partition(partition)
        .thenCompose(stored -> view(userId, stored.streamTimeMs(), history, executor))
        .exceptionally(failure -> unavailable(userId, failure));
  }

  /**
   * As of this stream time.
   *
   * @param streamTimeMs the partition's; {@link Long#MIN_VALUE} before any
   * @param executor where the window is built
   */
  public static CompletionStage<UserView> view(
      String userId, long streamTimeMs, History history, Executor executor) {
    var query = new UserQuery(userId, Math.max(0, streamTimeMs) - ExposureWindow.RETENTION_MS);
    return history
        .users(List.of(query))
        .thenApplyAsync(read -> view(query, streamTimeMs, read.get(userId)), executor)
        .exceptionally(failure -> unavailable(userId, failure));
  }

  private static UserView view(UserQuery query, long streamTimeMs, @Nullable UserHistory history) {
    return history == null
        ? UserView.unavailable(query.userId())
        : restored(query, history, streamTimeMs).view(streamTimeMs).fromTables();
  }

  /**
   * The user as stored.
   *
   * @param toMs until when time has passed
   */
  static UserExposure restored(UserQuery query, UserHistory history, long toMs) {
    return UserExposure.restored(
        query.userId(), history, query.knownFromMs(), toMs, new ArrayList<>());
  }

  private static UserView unavailable(String userId, Throwable failure) {
    log.warn("user {} cannot be shown", userId, failure);
    return UserView.unavailable(userId);
  }
}
