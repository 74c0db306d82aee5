package io.spendwatch.streams.ledger;

import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.History.InstantQuery;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Accounts of which many ask at once for one user each, as checks do: while a read of versions is
 * under way, what else is wanted gathers, and is read together. Nothing waits for company, and the
 * more is asked the fewer statements each answer takes. What is wanted is bounded by who may ask.
 * For any thread.
 */
public final class GatheredAccounts implements Accounts {
  private static final int USERS_MAX = 500;

  private record Waiting(VersionsQuery query, CompletableFuture<List<AccountBalance>> versions) {}

  private final Accounts accounts;
  private final int readsMax;

  /** Guarded by this. */
  private final Deque<Waiting> gathered = new ArrayDeque<>();

  private int underWay;

  /**
   * @param readsMax reads that are under way at a time: as many as there are connections
   */
  public GatheredAccounts(Accounts accounts, int readsMax) {
    this.accounts = accounts;
    this.readsMax = readsMax;
  }

  @Override
  public CompletionStage<Map<String, List<AccountBalance>>> versions(
      Collection<VersionsQuery> queries) {
    Map<String, CompletableFuture<List<AccountBalance>>> wanted = new LinkedHashMap<>();
    synchronized (this) {
      for (VersionsQuery query : queries) {
        var waiting = new Waiting(query, new CompletableFuture<>());
        gathered.add(waiting);
        wanted.put(query.userId(), waiting.versions);
      }
    }
    readOn();
    return CompletableFuture.allOf(wanted.values().toArray(CompletableFuture[]::new))
        .thenApply(
            _ -> {
              Map<String, List<AccountBalance>> versions = new HashMap<>();
              wanted.forEach(
                  (userId, read) -> {
                    if (!read.join().isEmpty()) {
                      versions.put(userId, read.join());
                    }
                  });
              return versions;
            });
  }

  private void readOn() {
    for (List<Waiting> next = next(); !next.isEmpty(); next = next()) {
      List<Waiting> asked = next;
      var _ =
          read(asked)
              .whenComplete(
                  (versions, failure) -> {
                    synchronized (this) {
                      underWay--;
                    }
                    readOn();
                    if (failure == null) {
                      asked.forEach(waiting -> answer(waiting, versions));
                    } else {
                      asked.forEach(waiting -> waiting.versions.completeExceptionally(failure));
                    }
                  });
    }
  }

  /** Whatever comes of it is an answer: one that does not count its end would be waited for. */
  private CompletionStage<Map<String, List<AccountBalance>>> read(List<Waiting> asked) {
    try {
      return accounts.versions(asked.stream().map(Waiting::query).toList());
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static void answer(Waiting waiting, Map<String, List<AccountBalance>> versions) {
    waiting.versions.complete(versions.getOrDefault(waiting.query.userId(), List.of()));
  }

  /** What is read next, each user once; empty where nothing is to be. */
  private synchronized List<Waiting> next() {
    if (underWay == readsMax) {
      return List.of();
    }
    Map<String, Waiting> next = new LinkedHashMap<>();
    List<Waiting> later = new ArrayList<>();
    while (!gathered.isEmpty() && next.size() < USERS_MAX) {
      Waiting waiting = gathered.poll();
      if (next.putIfAbsent(waiting.query.userId(), waiting) != null) {
        later.add(waiting);
      }
    }
    later.reversed().forEach(gathered::addFirst);
    underWay += next.isEmpty() ? 0 : 1;
    return List.copyOf(next.values());
  }

  @Override
  public CompletionStage<List<@Nullable AccountBalance>> inForce(List<InstantQuery> queries) {
    return accounts.inForce(queries);
  }

  @Override
  public CompletionStage<Changes> changes(
      Collection<String> userIds,
      long recordedAfterMs,
      long streamTimeMs,
      Predicate<String> isOurs,
      String from,
      int limit) {
    return accounts.changes(userIds, recordedAfterMs, streamTimeMs, isOurs, from, limit);
  }
}
