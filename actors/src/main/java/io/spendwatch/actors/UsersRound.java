package io.spendwatch.actors;

import io.spendwatch.actors.Accounts.Changes;
import io.spendwatch.actors.Accounts.VersionsQuery;
import io.spendwatch.actors.ChangedAccounts.Changed;
import io.spendwatch.actors.History.UserHistory;
import io.spendwatch.actors.History.UserQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What a batch has to know of users before it is judged, read together: users who are not awake,
 * whole; balances of users who are; and who else has to be looked at because of a balance.
 */
final class UsersRound {

  private final Changed changed;
  private final long seenMs;
  private final long streamTimeMs;
  private final List<UserQuery> queries = new ArrayList<>();
  private final List<VersionsQuery> versions = new ArrayList<>();

  /**
   * What was read.
   *
   * @param histories of all who were to be read whole, but for who is unreadable
   * @param unreadable users of whom something is stored that cannot be read
   * @param versions of all whose balance was asked for; none for one who has no account
   * @param changes of users who are not in memory; null where nobody asked
   */
  record Read(
      Map<String, UserHistory> histories,
      List<String> unreadable,
      Map<String, List<AccountBalance>> versions,
      List<VersionsQuery> asked,
      Changes changes) {}

  /**
   * @param seenMs changes that were recorded before it have been looked at
   */
  UsersRound(Changed changed, long seenMs, long streamTimeMs) {
    this.changed = changed;
    this.seenMs = seenMs;
    this.streamTimeMs = streamTimeMs;
  }

  /** Reads a user whole who is to be judged or looked at at this instant, or later. */
  void restore(String userId, long earliestMs) {
    queries.add(new UserQuery(userId, earliestMs - ExposureWindow.RETENTION_MS));
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
    return queries.isEmpty() && versions.isEmpty() && !asksForChanges();
  }

  /** Without transactions nobody is to be looked at. */
  private boolean asksForChanges() {
    return streamTimeMs != Long.MIN_VALUE && (changed.all() || !changed.absent().isEmpty());
  }

  /** Reads all of it; what nobody needs is not asked for. */
  CompletionStage<Read> read(Accounts accounts, History history) {
    var historiesRead =
        (queries.isEmpty()
                ? CompletableFuture.completedFuture(Map.<String, UserHistory>of())
                : history.users(queries))
            .toCompletableFuture();
    var versionsRead =
        (versions.isEmpty()
                ? CompletableFuture.completedFuture(Map.<String, List<AccountBalance>>of())
                : accounts.versions(versions))
            .toCompletableFuture();
    var changesRead =
        (asksForChanges()
                ? accounts.changes(
                    changed.all() ? List.of() : changed.absent(), seenMs, streamTimeMs)
                : CompletableFuture.<Changes>completedFuture(null))
            .toCompletableFuture();
    return CompletableFuture.allOf(historiesRead, versionsRead, changesRead)
        .thenApply(
            _ ->
                new Read(
                    historiesRead.join(),
                    unreadable(historiesRead.join()),
                    versionsRead.join(),
                    versions,
                    changesRead.join()));
  }

  private List<String> unreadable(Map<String, UserHistory> histories) {
    return queries.stream()
        .map(UserQuery::userId)
        .filter(userId -> !histories.containsKey(userId))
        .toList();
  }
}
