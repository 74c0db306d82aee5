package io.spendwatch.actors;

import io.spendwatch.actors.History.ExposureQuery;
import io.spendwatch.actors.History.TransactionKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What several users want to know, read together: at most one round trip of each kind. */
final class FactsRound {

  private final Map<String, Facts.Wanted> wanted = new LinkedHashMap<>();

  /** What was read, for all of them. */
  static final class Read {
    private final Map<String, Facts.Wanted> wanted;
    private final Map<String, AccountBalance> balances;
    private final Set<TransactionKey> stored;
    private final Map<ExposureQuery, Long> exposures;

    private Read(
        Map<String, Facts.Wanted> wanted,
        Map<String, AccountBalance> balances,
        Set<TransactionKey> stored,
        Map<ExposureQuery, Long> exposures) {
      this.wanted = wanted;
      this.balances = balances;
      this.stored = stored;
      this.exposures = exposures;
    }

    Set<String> userIds() {
      return wanted.keySet();
    }

    Facts.Answers answersFor(String userId) {
      return new Facts.Answers(
          wanted.get(userId).balance(), balances.get(userId), stored, exposures);
    }
  }

  void add(String userId, Facts.Wanted wants) {
    wanted.put(userId, wants);
  }

  boolean isEmpty() {
    return wanted.isEmpty();
  }

  /** Reads all of it; what nobody wants is not asked for. */
  CompletionStage<Read> read(Accounts accounts, History history) {
    Set<String> balances = new HashSet<>();
    Set<TransactionKey> keys = new HashSet<>();
    Set<ExposureQuery> sums = new LinkedHashSet<>();
    wanted.forEach(
        (userId, wants) -> {
          if (wants.balance()) {
            balances.add(userId);
          }
          keys.addAll(wants.stored());
          sums.addAll(wants.exposures());
        });
    List<ExposureQuery> queries = new ArrayList<>(sums);
    CompletionStage<Map<String, AccountBalance>> balancesRead =
        balances.isEmpty() ? done(Map.of()) : accounts.balances(balances);
    CompletionStage<Set<TransactionKey>> storedRead =
        keys.isEmpty() ? done(Set.of()) : history.stored(keys);
    CompletionStage<List<Long>> exposuresRead =
        queries.isEmpty() ? done(List.of()) : history.exposures(queries);
    return balancesRead
        .thenCombine(storedRead, (read, stored) -> new Read(wanted, read, stored, new HashMap<>()))
        .thenCombine(
            exposuresRead,
            (read, exposures) -> {
              for (int i = 0; i < queries.size(); i++) {
                read.exposures.put(queries.get(i), exposures.get(i));
              }
              return read;
            });
  }

  private static <T> CompletionStage<T> done(T value) {
    return CompletableFuture.completedFuture(value);
  }
}
