package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.Facts;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.Accounts.VersionsQuery;
import io.spendwatch.actors.ports.History;
import io.spendwatch.actors.ports.History.ExposureQuery;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.actors.ports.History.TransactionKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** What several users want to know, read together: at most one round trip of each kind. */
final class FactsRound {

  private final Map<String, Facts.Wanted> wanted = new LinkedHashMap<>();

  /** What was read, for all of them. */
  static final class Read {
    private final Map<String, Facts.Wanted> wanted;
    private final Map<String, List<AccountBalance>> versions;
    private final Set<TransactionKey> stored;
    private final Map<ExposureQuery, Long> exposures;
    private final Map<InstantQuery, AccountBalance> inForce;

    private Read(
        Map<String, Facts.Wanted> wanted,
        Map<String, List<AccountBalance>> versions,
        Set<TransactionKey> stored,
        Map<ExposureQuery, Long> exposures,
        Map<InstantQuery, AccountBalance> inForce) {
      this.wanted = wanted;
      this.versions = versions;
      this.stored = stored;
      this.exposures = exposures;
      this.inForce = inForce;
    }

    Set<String> userIds() {
      return wanted.keySet();
    }

    Facts.Answers answersFor(String userId) {
      return new Facts.Answers(
          Objects.requireNonNull(wanted.get(userId), "wanted").versionsFromMs(),
          versions.getOrDefault(userId, List.of()),
          stored,
          exposures,
          inForce);
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
    List<VersionsQuery> versions = new ArrayList<>();
    Set<TransactionKey> keys = new HashSet<>();
    Set<ExposureQuery> sums = new LinkedHashSet<>();
    Set<InstantQuery> instants = new LinkedHashSet<>();
    wanted.forEach(
        (userId, wants) -> {
          if (wants.versions()) {
            versions.add(new VersionsQuery(userId, wants.versionsFromMs()));
          }
          keys.addAll(wants.stored());
          sums.addAll(wants.exposures());
          instants.addAll(wants.inForce());
        });
    var versionsRead =
        (versions.isEmpty()
                ? CompletableFuture.completedFuture(Map.<String, List<AccountBalance>>of())
                : accounts.versions(versions))
            .toCompletableFuture();
    var storedRead =
        (keys.isEmpty()
                ? CompletableFuture.completedFuture(Set.<TransactionKey>of())
                : history.stored(keys))
            .toCompletableFuture();
    var exposuresRead = all(sums, history::exposures);
    var inForceRead = all(instants, accounts::inForce);
    return CompletableFuture.allOf(versionsRead, storedRead, exposuresRead, inForceRead)
        .thenApply(
            _ ->
                new Read(
                    wanted,
                    versionsRead.join(),
                    storedRead.join(),
                    exposuresRead.join(),
                    inForceRead.join()));
  }

  /** The answers by their questions; nobody is asked where there are none. */
  private static <Q, A> CompletableFuture<Map<Q, A>> all(
      Set<Q> questions, Function<List<Q>, CompletionStage<List<A>>> ask) {
    if (questions.isEmpty()) {
      return CompletableFuture.completedFuture(Map.of());
    }
    List<Q> asked = List.copyOf(questions);
    return ask.apply(asked)
        .thenApply(
            answers -> {
              Map<Q, A> byQuestion = HashMap.newHashMap(asked.size());
              for (int i = 0; i < asked.size(); i++) {
                byQuestion.put(asked.get(i), answers.get(i));
              }
              return byQuestion;
            })
        .toCompletableFuture();
  }
}
