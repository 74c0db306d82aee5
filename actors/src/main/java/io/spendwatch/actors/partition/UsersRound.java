package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.Accounts.VersionsQuery;
import io.spendwatch.actors.ports.History;
import io.spendwatch.actors.ports.History.UserHistory;
import io.spendwatch.actors.ports.History.UserQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What a batch has to know of users before it is assessed, read together: users who are not awake,
 * whole, and balances of users who are.
 */
final class UsersRound {

  private final int atOnceMax;
  private boolean begun;
  private int asked;
  private final List<UserQuery> queries = new ArrayList<>();
  private final List<VersionsQuery> versions = new ArrayList<>();

  /**
   * What was read.
   *
   * @param histories of the part who were to be read whole, but for who is unreadable
   * @param unreadable users of whom something is stored that cannot be read
   * @param versions of all whose balance was asked for; none for one who has no account
   */
  record Read(
      Map<String, UserHistory> histories,
      List<String> unreadable,
      Map<String, List<AccountBalance>> versions,
      List<VersionsQuery> asked) {}

  /**
   * @param atOnceMax users that are read whole in one part: what is read of them is in memory twice
   *     until they are awake
   */
  UsersRound(int atOnceMax) {
    this.atOnceMax = atOnceMax;
  }

  /** Reads a user whole who is to be assessed or looked at at this instant, or later. */
  void restore(String userId, long earliestMs) {
    long boundedMs = Math.max(earliestMs, Long.MIN_VALUE + ExposureWindow.RETENTION_MS);
    queries.add(new UserQuery(userId, boundedMs - ExposureWindow.RETENTION_MS));
  }

  /** Reads the versions of a user's balance who is awake. */
  void refresh(String userId, long fromMs) {
    versions.add(new VersionsQuery(userId, fromMs));
  }

  /** The users to be read whole. */
  List<UserQuery> queries() {
    return queries;
  }

  boolean isEmpty() {
    return queries.isEmpty() && versions.isEmpty();
  }

  /**
   * Reads the next part: so many users whole as are read at once, and with the first part all else.
   * What nobody needs is not asked for.
   */
  CompletionStage<Read> read(Accounts accounts, History history) {
    List<UserQuery> part =
        List.copyOf(queries.subList(asked, Math.min(queries.size(), asked + atOnceMax)));
    boolean isFirst = !begun;
    begun = true;
    asked += part.size();
    List<VersionsQuery> refreshed = isFirst ? versions : List.of();
    var historiesRead =
        (part.isEmpty()
                ? CompletableFuture.completedFuture(Map.<String, UserHistory>of())
                : history.users(part))
            .toCompletableFuture();
    var versionsRead =
        (refreshed.isEmpty()
                ? CompletableFuture.completedFuture(Map.<String, List<AccountBalance>>of())
                : accounts.versions(refreshed))
            .toCompletableFuture();
    return CompletableFuture.allOf(historiesRead, versionsRead)
        .thenApply(
            _ ->
                new Read(
                    historiesRead.join(),
                    unreadable(part, historiesRead.join()),
                    versionsRead.join(),
                    refreshed));
  }

  /** Whether there is a further part. */
  boolean hasMore() {
    return asked < queries.size();
  }

  private static List<String> unreadable(List<UserQuery> part, Map<String, UserHistory> histories) {
    return part.stream()
        .map(UserQuery::userId)
        .filter(userId -> !histories.containsKey(userId))
        .toList();
  }
}
