package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.History;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What is durable, in memory: the ports' semantics without a database. Thread-safe. */
final class InMemoryLedger implements Accounts, History {

  private static final long DAY_MS = 86_400_000L;

  /** A stored transaction. */
  record Row(Transaction transaction, Stored assessed, long offset) {}

  private final Map<TransactionKey, Row> rows = new LinkedHashMap<>();
  private final Map<String, Announcement> alerts = new LinkedHashMap<>();
  private final Map<String, List<AccountBalance>> accounts = new HashMap<>();
  private long streamTimeMs = Long.MIN_VALUE;
  private final Set<String> spoilt = new HashSet<>();
  private final Set<String> garbled = new HashSet<>();
  private int failures;
  private int losses;
  private int changesAsked;

  synchronized void account(String userId, long balanceMinor, long version) {
    account(userId, balanceMinor, "USD", version);
  }

  synchronized void account(String userId, long balanceMinor, String currency, long version) {
    version(userId, new AccountBalance(balanceMinor, currency, version, 0));
  }

  /** One more version of an account's balance. */
  synchronized void version(String userId, AccountBalance version) {
    List<AccountBalance> versions = accounts.computeIfAbsent(userId, _ -> new ArrayList<>());
    versions.add(version);
    versions.sort(
        Comparator.comparingLong(AccountBalance::asOfMs)
            .thenComparingLong(AccountBalance::version));
  }

  /** What is read of this user makes our own code throw, until {@link #repair}. */
  synchronized void spoil(String userId) {
    spoilt.add(userId);
  }

  synchronized void repair(String userId) {
    spoilt.remove(userId);
    garbled.remove(userId);
  }

  /** What is stored of this user cannot be read, until {@link #repair}. */
  synchronized void garble(String userId) {
    garbled.add(userId);
  }

  /** The next calls fail. */
  synchronized void failNext(int calls) {
    failures = calls;
  }

  /** How many pages of changed accounts were asked for. */
  synchronized int changesAsked() {
    return changesAsked;
  }

  /** The answers to the next calls never come. */
  synchronized void loseNext(int calls) {
    losses = calls;
  }

  /** The writer's part: what is there stays. */
  synchronized void write(List<Received> batch, Assessed assessed) {
    for (int i = 0; i < batch.size(); i++) {
      Received received = batch.get(i);
      if (assessed.assessments().get(i) instanceof Stored stored) {
        Transaction transaction = received.transaction();
        rows.putIfAbsent(
            new TransactionKey(
                transaction.userId(), transaction.eventTimeMs(), transaction.transactionId()),
            new Row(transaction, stored, received.offset()));
      }
    }
    assessed
        .announcements()
        .forEach(announced -> alerts.putIfAbsent(announced.alert().alertId(), announced));
    streamTimeMs = assessed.streamTimeMs();
  }

  synchronized List<Row> rows() {
    return List.copyOf(rows.values());
  }

  synchronized List<Alert> alerts() {
    return alerts.values().stream().map(Announcement::alert).toList();
  }

  @Override
  public CompletionStage<Map<String, List<AccountBalance>>> versions(
      Collection<VersionsQuery> queries) {
    return answer(
        () ->
            queries.stream()
                .filter(query -> accounts.containsKey(query.userId()))
                .collect(
                    Collectors.toMap(
                        VersionsQuery::userId,
                        query -> versionsFrom(query.userId(), query.fromMs()),
                        (first, _) -> first)));
  }

  private List<AccountBalance> versionsFrom(String userId, long fromMs) {
    List<AccountBalance> all = accounts.getOrDefault(userId, List.of());
    long floorMs =
        all.stream()
            .mapToLong(AccountBalance::asOfMs)
            .filter(asOfMs -> asOfMs < fromMs)
            .max()
            .orElse(Long.MIN_VALUE);
    return all.stream().filter(version -> version.asOfMs() >= floorMs).toList();
  }

  @Override
  public CompletionStage<List<AccountBalance>> inForce(List<InstantQuery> queries) {
    return answer(() -> queries.stream().map(this::inForce).toList());
  }

  private AccountBalance inForce(InstantQuery query) {
    List<AccountBalance> all = accounts.getOrDefault(query.userId(), List.of());
    AccountBalance inForce = all.isEmpty() ? null : all.getFirst();
    for (AccountBalance version : all) {
      inForce = version.asOfMs() < query.atMs() ? version : inForce;
    }
    return inForce;
  }

  /** More than is promised: what is new is not told from what is not. */
  @Override
  public CompletionStage<Changes> changes(
      Collection<String> userIds,
      long recordedAfterMs,
      long streamTimeMs,
      Predicate<String> isOurs,
      String from,
      int limit) {
    return answer(
        () -> {
          changesAsked++;
          List<String> page =
              accounts.keySet().stream()
                  .filter(userId -> userIds.isEmpty() || userIds.contains(userId))
                  .filter(userId -> userId.compareTo(from) > 0)
                  .sorted()
                  .limit(limit)
                  .toList();
          Map<String, Long> sinceMs = new HashMap<>();
          for (String userId : page) {
            if (isOurs.test(userId) && of(userId).findAny().isPresent()) {
              sinceMs.put(userId, accounts.get(userId).getFirst().asOfMs());
            }
          }
          return new Changes(sinceMs, Pipeline.NOW_MS, next(page, limit));
        });
  }

  private static Optional<String> next(List<String> page, int limit) {
    return page.size() < limit ? Optional.empty() : Optional.of(page.getLast());
  }

  @Override
  public CompletionStage<PartitionHistory> partition(int partition) {
    return answer(() -> new PartitionHistory(streamTimeMs, Long.MIN_VALUE));
  }

  @Override
  public CompletionStage<OpenEpisodes> openEpisodes(int partition, String afterUserId, int limit) {
    return answer(
        () -> {
          Map<String, OpenEpisode> open = new LinkedHashMap<>();
          for (Alert alert : alerts()) {
            if (alert.type() == AlertType.RAISED) {
              open.put(
                  alert.episodeId(),
                  new OpenEpisode(alert.userId(), alert.episodeId(), alert.eventTimeMs()));
            } else {
              open.remove(alert.episodeId());
            }
          }
          List<OpenEpisode> page =
              open.values().stream()
                  .filter(episode -> episode.userId().compareTo(afterUserId) > 0)
                  .sorted(Comparator.comparing(OpenEpisode::userId))
                  .limit(limit)
                  .toList();
          return new OpenEpisodes(
              page, next(page.stream().map(OpenEpisode::userId).toList(), limit));
        });
  }

  @Override
  public CompletionStage<Map<String, UserHistory>> users(Collection<UserQuery> queries) {
    return answer(
        () ->
            queries.stream()
                .filter(query -> !garbled.contains(query.userId()))
                .collect(Collectors.toMap(UserQuery::userId, this::user, (first, _) -> first)));
  }

  private UserHistory user(UserQuery query) {
    if (spoilt.contains(query.userId())) {
      return new UserHistory(List.of(), 0, null, List.of());
    }
    List<Row> known =
        of(query.userId())
            .filter(row -> row.transaction.eventTimeMs() > query.knownFromMs())
            .toList();
    long latestMs =
        known.stream().mapToLong(r -> r.transaction.eventTimeMs()).max().orElse(Long.MAX_VALUE);
    long reachMs =
        Math.min(Math.max(query.knownFromMs(), latestMs - 2 * DAY_MS), latestMs - DAY_MS);
    List<Entry> entries =
        of(query.userId())
            .filter(row -> row.transaction.eventTimeMs() > reachMs)
            .sorted(
                Comparator.comparingLong((Row row) -> row.transaction.eventTimeMs())
                    .thenComparingLong(row -> row.offset))
            .map(
                row ->
                    new Entry(
                        row.transaction.transactionId(),
                        row.transaction.eventTimeMs(),
                        row.transaction.signedAmountMinor(),
                        row.transaction.currency(),
                        row.assessed.knownVersion()))
            .toList();
    Map<String, Episode> episodes = new LinkedHashMap<>();
    for (Announcement announced : alerts.values()) {
      Alert alert = announced.alert();
      long knownNow = announced.knownVersion();
      if (alert.userId().equals(query.userId())) {
        episodes.merge(
            alert.episodeId(),
            new Episode(alert.episodeId(), alert.eventTimeMs(), Long.MAX_VALUE, knownNow),
            (raised, _) ->
                new Episode(
                    raised.episodeId(),
                    raised.startMs(),
                    alert.eventTimeMs(),
                    Math.max(raised.knownVersion(), knownNow)));
      }
    }
    return new UserHistory(
        versionsFrom(query.userId(), query.knownFromMs()),
        query.knownFromMs(),
        entries,
        episodes.values().stream().filter(e -> e.endMs() > latestMs - 2 * DAY_MS).toList());
  }

  @Override
  public CompletionStage<Set<TransactionKey>> stored(Collection<TransactionKey> keys) {
    return answer(() -> keys.stream().filter(rows::containsKey).collect(Collectors.toSet()));
  }

  @Override
  public CompletionStage<List<Long>> exposures(List<ExposureQuery> queries) {
    return answer(
        () ->
            queries.stream()
                .map(
                    query ->
                        of(query.userId())
                            .map(Row::transaction)
                            .filter(t -> t.currency().equals(query.currency()))
                            .filter(t -> t.eventTimeMs() > query.atMs() - DAY_MS)
                            .filter(t -> t.eventTimeMs() <= query.atMs())
                            .mapToLong(Transaction::signedAmountMinor)
                            .sum())
                .toList());
  }

  @Override
  public CompletionStage<List<List<String>>> transactionIds(List<InstantQuery> queries) {
    return answer(
        () ->
            queries.stream()
                .map(
                    query -> {
                      Map<Long, String> byOffset = new TreeMap<>();
                      of(query.userId())
                          .filter(row -> row.transaction.eventTimeMs() == query.atMs())
                          .forEach(
                              row -> byOffset.put(row.offset, row.transaction.transactionId()));
                      return List.copyOf(byOffset.values());
                    })
                .toList());
  }

  private java.util.stream.Stream<Row> of(String userId) {
    return new ArrayList<>(rows.values())
        .stream().filter(row -> row.transaction.userId().equals(userId));
  }

  private synchronized <T> CompletionStage<T> answer(Supplier<T> read) {
    if (failures > 0) {
      failures--;
      return CompletableFuture.failedFuture(new IllegalStateException("not reachable"));
    }
    if (losses > 0) {
      losses--;
      return new CompletableFuture<>();
    }
    return CompletableFuture.completedFuture(read.get());
  }
}
