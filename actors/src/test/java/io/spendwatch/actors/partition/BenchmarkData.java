package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.History;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/** What the microbenchmarks have in common: invented transactions, and ports that know nothing. */
public final class BenchmarkData {
  public static final long START_MS = 1_700_000_000_000L;

  /** More than anybody spends. */
  static final AccountBalance BALANCE = new AccountBalance(Long.MAX_VALUE / 2, "USD", 1, 0);

  private static final int PREPARED = 1 << 16;

  private BenchmarkData() {}

  static String userId(int user) {
    return "user-" + user;
  }

  /** Users in random order, each as likely as any other; to be gone through round and round. */
  public static int[] users(int users) {
    SplittableRandom random = new SplittableRandom(42);
    return random.ints(Math.max(PREPARED, 2 * users), 0, users).toArray();
  }

  static Received purchase(long number, String userId, long eventTimeMs) {
    return new Received(
        new Transaction(
            "tx-" + number,
            userId,
            100 + number % 900,
            "USD",
            eventTimeMs,
            TransactionKind.PURCHASE,
            "m-" + number % 1000,
            null),
        number);
  }

  /** An account for everybody. */
  static final class Ample implements Accounts {
    @Override
    public CompletionStage<Map<String, List<AccountBalance>>> versions(
        Collection<VersionsQuery> queries) {
      Map<String, List<AccountBalance>> versions = new HashMap<>();
      queries.forEach(query -> versions.put(query.userId(), List.of(BALANCE)));
      return CompletableFuture.completedFuture(versions);
    }

    @Override
    public CompletionStage<List<AccountBalance>> inForce(List<InstantQuery> queries) {
      return CompletableFuture.completedFuture(queries.stream().map(_ -> BALANCE).toList());
    }

    @Override
    public CompletionStage<Changes> changes(
        Collection<String> userIds,
        long recordedAfterMs,
        long streamTimeMs,
        Predicate<String> isOurs,
        String from,
        int limit) {
      return CompletableFuture.completedFuture(new Changes(Map.of(), START_MS, Optional.empty()));
    }
  }

  /** Nothing has happened before. */
  static final class Blank implements History {
    @Override
    public CompletionStage<PartitionHistory> partition(int partition) {
      return CompletableFuture.completedFuture(
          new PartitionHistory(Long.MIN_VALUE, Long.MIN_VALUE));
    }

    @Override
    public CompletionStage<OpenEpisodes> openEpisodes(int partition, String from, int limit) {
      return CompletableFuture.completedFuture(new OpenEpisodes(List.of(), Optional.empty()));
    }

    @Override
    public CompletionStage<Map<String, UserHistory>> users(Collection<UserQuery> queries) {
      Map<String, UserHistory> histories = new HashMap<>();
      queries.forEach(
          query ->
              histories.put(
                  query.userId(),
                  new UserHistory(List.of(BALANCE), query.knownFromMs(), List.of(), List.of())));
      return CompletableFuture.completedFuture(histories);
    }

    @Override
    public CompletionStage<Set<TransactionKey>> stored(Collection<TransactionKey> keys) {
      return CompletableFuture.completedFuture(Set.of());
    }

    @Override
    public CompletionStage<List<Long>> exposures(List<ExposureQuery> queries) {
      return CompletableFuture.completedFuture(queries.stream().map(_ -> 0L).toList());
    }

    @Override
    public CompletionStage<List<List<String>>> transactionIds(List<InstantQuery> queries) {
      return CompletableFuture.completedFuture(
          queries.stream().map(_ -> List.<String>of()).toList());
    }
  }
}
