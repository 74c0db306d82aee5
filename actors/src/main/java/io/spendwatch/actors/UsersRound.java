package io.spendwatch.actors;

import io.spendwatch.actors.History.UserHistory;
import io.spendwatch.actors.History.UserQuery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What a batch has to know of users before it is judged, read together: users who are not awake,
 * whole, and balances of users who are.
 */
final class UsersRound {

  private final Set<String> changed;
  private final List<UserQuery> queries = new ArrayList<>();

  /**
   * What was read.
   *
   * @param histories of all who were to be read whole, but for who is unreadable
   * @param unreadable users of whom something is stored that cannot be read
   * @param balances of all whose balance was asked for; null for one who has no account
   */
  record Read(
      Map<String, UserHistory> histories,
      List<String> unreadable,
      Map<String, AccountBalance> balances) {}

  /**
   * @param changed users awake whose balance has to be read anew
   */
  UsersRound(Set<String> changed) {
    this.changed = changed;
  }

  /** Reads a user whole who is to be judged or looked at at this instant, or later. */
  void restore(String userId, long earliestMs) {
    queries.add(new UserQuery(userId, earliestMs - ExposureWindow.RETENTION_MS));
  }

  /** The users to be read whole. */
  List<UserQuery> queries() {
    return queries;
  }

  boolean isEmpty() {
    return queries.isEmpty() && changed.isEmpty();
  }

  /** Reads all of it; what nobody needs is not asked for. */
  CompletionStage<Read> read(Accounts accounts, History history) {
    CompletionStage<Map<String, UserHistory>> historiesRead =
        queries.isEmpty() ? done(Map.of()) : history.users(queries);
    CompletionStage<Map<String, AccountBalance>> balancesRead =
        changed.isEmpty() ? done(Map.of()) : accounts.balances(changed);
    return historiesRead.thenCombine(
        balancesRead,
        (histories, found) -> {
          Map<String, AccountBalance> balances = new HashMap<>();
          changed.forEach(userId -> balances.put(userId, found.get(userId)));
          List<String> unreadable =
              queries.stream()
                  .map(UserQuery::userId)
                  .filter(userId -> !histories.containsKey(userId))
                  .toList();
          return new Read(histories, unreadable, balances);
        });
  }

  private static <T> CompletionStage<T> done(T value) {
    return CompletableFuture.completedFuture(value);
  }
}
