package io.spendwatch.streams.ledger;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.Accounts.VersionsQuery;
import io.spendwatch.actors.ports.History;
import io.spendwatch.streams.database.EventTimes;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What is durable, from tables {@code transactions}, {@code alerts} and {@code pipelines}. For any
 * thread; completes on an event loop.
 *
 * <p>Each statement on {@code transactions} carries bounds of event time for the whole question
 * beside those of each single user, so that the planner sees only the days that matter.
 */
public final class PgHistory implements History {
  private static final String READ_STREAM_TIME = SqlText.load(Ledger.class, "read_stream_time");
  private static final String READ_OPEN_EPISODES = SqlText.load(Ledger.class, "read_open_episodes");
  private static final String READ_ENTRIES = RuleText.load(Ledger.class, "read_entries");
  private static final String READ_EPISODES = RuleText.load(Ledger.class, "read_episodes");
  private static final String FIND_STORED = SqlText.load(Ledger.class, "find_stored");
  private static final String SUM_EXPOSURES = SqlText.load(Ledger.class, "sum_exposures");
  private static final String READ_TRANSACTION_IDS =
      SqlText.load(Ledger.class, "read_transaction_ids");

  private static final long WINDOW_MS = ExposureWindow.WINDOW_MS;

  /** How far back from a user's latest transaction a history reaches. */
  private static final long REACH_MS = ExposureWindow.RETENTION_MS;

  private final Statements database;
  private final Accounts accounts;
  private final UnreadableRows unreadable;

  public PgHistory(Statements database, UnreadableRows unreadable) {
    this.database = database;
    this.accounts = new PgAccounts(database, unreadable);
    this.unreadable = unreadable;
  }

  @Override
  public CompletionStage<PartitionHistory> partition(int partition) {
    return database
        .read(READ_STREAM_TIME, Tuple.of(partition))
        .thenApply(times -> partitionHistory(partition, times));
  }

  @Override
  public CompletionStage<OpenEpisodes> openEpisodes(int partition, String afterUserId, int limit) {
    return database
        .read(READ_OPEN_EPISODES, Tuple.of(partition, afterUserId, limit))
        .thenApply(
            rows -> {
              List<OpenEpisode> episodes = new ArrayList<>(rows.size());
              String lastUserId = afterUserId;
              for (Row row : rows) {
                lastUserId = row.getString(0);
                openEpisode(row).ifPresent(episodes::add);
              }
              return new OpenEpisodes(
                  episodes, rows.size() < limit ? Optional.empty() : Optional.of(lastUserId));
            });
  }

  /** Empty for one that cannot be read. */
  private Optional<OpenEpisode> openEpisode(Row row) {
    String userId = row.getString(0);
    return unreadable.read(
        UnreadableRows.ALERTS,
        userId,
        () -> new OpenEpisode(userId, row.getString(1), Columns.timeMs(row, 2, "raised_at")));
  }

  @Override
  public CompletionStage<Map<String, UserHistory>> users(Collection<UserQuery> queries) {
    if (queries.isEmpty()) {
      return CompletableFuture.completedFuture(Map.of());
    }
    String[] userIds = queries.stream().map(UserQuery::userId).toArray(String[]::new);
    OffsetDateTime[] knownFrom =
        queries.stream()
            .map(query -> EventTimes.boundToDatabase(query.knownFromMs()))
            .toArray(OffsetDateTime[]::new);
    long leastMs = queries.stream().mapToLong(UserQuery::knownFromMs).min().orElseThrow();
    OffsetDateTime earliest =
        // "From the beginning" has no day before it: the subtraction would wrap to the far future.
        EventTimes.boundToDatabase(Math.max(leastMs, Long.MIN_VALUE + WINDOW_MS) - WINDOW_MS);

    CompletableFuture<Map<String, List<AccountBalance>>> versions =
        accounts
            .versions(
                queries.stream()
                    .map(query -> new VersionsQuery(query.userId(), query.knownFromMs()))
                    .toList())
            .toCompletableFuture();
    CompletableFuture<RowSet<Row>> entries =
        database.read(READ_ENTRIES, Tuple.of(userIds, knownFrom, earliest)).toCompletableFuture();
    CompletableFuture<RowSet<Row>> episodes =
        database
            .read(
                READ_EPISODES,
                Tuple.tuple().addArrayOfString(userIds).addArrayOfOffsetDateTime(knownFrom))
            .toCompletableFuture();
    return CompletableFuture.allOf(versions, entries, episodes)
        .thenApply(_ -> histories(queries, versions.join(), entries.join(), episodes.join()));
  }

  @Override
  public CompletionStage<Set<TransactionKey>> stored(Collection<TransactionKey> keys) {
    if (keys.isEmpty()) {
      return CompletableFuture.completedFuture(Set.of());
    }
    int count = keys.size();
    String[] userIds = new String[count];
    OffsetDateTime[] eventTimes = new OffsetDateTime[count];
    String[] transactionIds = new String[count];
    long earliestMs = Long.MAX_VALUE;
    long latestMs = Long.MIN_VALUE;
    int i = 0;
    for (TransactionKey key : keys) {
      userIds[i] = key.userId();
      eventTimes[i] = EventTimes.toDatabase(key.eventTimeMs());
      transactionIds[i] = key.transactionId();
      earliestMs = Math.min(earliestMs, key.eventTimeMs());
      latestMs = Math.max(latestMs, key.eventTimeMs());
      i++;
    }
    return database
        .read(
            FIND_STORED,
            Tuple.of(
                userIds,
                eventTimes,
                transactionIds,
                EventTimes.toDatabase(earliestMs),
                EventTimes.toDatabase(latestMs)))
        .thenApply(
            rows -> {
              Set<TransactionKey> stored = HashSet.newHashSet(rows.size());
              for (Row row : rows) {
                stored.add(
                    new TransactionKey(
                        row.getString(0),
                        EventTimes.toMs(row.getOffsetDateTime(1)),
                        row.getString(2)));
              }
              return stored;
            });
  }

  @Override
  public CompletionStage<List<Long>> exposures(List<ExposureQuery> queries) {
    if (queries.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    int count = queries.size();
    String[] userIds = new String[count];
    String[] currencies = new String[count];
    OffsetDateTime[] windowStarts = new OffsetDateTime[count];
    OffsetDateTime[] windowEnds = new OffsetDateTime[count];
    long earliestMs = Long.MAX_VALUE;
    long latestMs = Long.MIN_VALUE;
    for (int i = 0; i < count; i++) {
      ExposureQuery query = queries.get(i);
      userIds[i] = query.userId();
      currencies[i] = query.currency();
      windowStarts[i] = EventTimes.toDatabase(query.atMs() - WINDOW_MS);
      windowEnds[i] = EventTimes.toDatabase(query.atMs());
      earliestMs = Math.min(earliestMs, query.atMs() - WINDOW_MS);
      latestMs = Math.max(latestMs, query.atMs());
    }
    return database
        .read(
            SUM_EXPOSURES,
            Tuple.of(
                userIds,
                currencies,
                windowStarts,
                windowEnds,
                EventTimes.toDatabase(earliestMs),
                EventTimes.toDatabase(latestMs)))
        .thenApply(
            rows -> {
              List<Long> exposures = new ArrayList<>(rows.size());
              for (Row row : rows) {
                exposures.add(row.getLong(0));
              }
              return exposures;
            });
  }

  @Override
  public CompletionStage<List<List<String>>> transactionIds(List<InstantQuery> queries) {
    if (queries.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    LongSummaryStatistics instantsMs =
        queries.stream().mapToLong(InstantQuery::atMs).summaryStatistics();
    return database
        .read(
            READ_TRANSACTION_IDS,
            Tuple.of(
                queries.stream().map(InstantQuery::userId).toArray(String[]::new),
                queries.stream()
                    .map(query -> EventTimes.toDatabase(query.atMs()))
                    .toArray(OffsetDateTime[]::new),
                EventTimes.toDatabase(instantsMs.getMin()),
                EventTimes.toDatabase(instantsMs.getMax())))
        .thenApply(
            rows -> {
              List<List<String>> ids = new ArrayList<>(rows.size());
              for (Row row : rows) {
                ids.add(List.of(row.getArrayOfStrings(0)));
              }
              return ids;
            });
  }

  /** What cannot be read is as if the partition had seen nothing yet: records will say. */
  private PartitionHistory partitionHistory(int partition, RowSet<Row> times) {
    var seenNothing = new PartitionHistory(Long.MIN_VALUE, Long.MIN_VALUE);
    for (Row row : times) {
      return unreadable
          .read(
              UnreadableRows.PIPELINES,
              Integer.toString(partition),
              () ->
                  new PartitionHistory(
                      Columns.timeMs(row, 0, "stream_time", Long.MIN_VALUE),
                      Columns.timeMs(row, 1, "accounts_seen_at", Long.MIN_VALUE)))
          .orElse(seenNothing);
    }
    return seenNothing;
  }

  private Map<String, UserHistory> histories(
      Collection<UserQuery> queries,
      Map<String, List<AccountBalance>> versions,
      RowSet<Row> entryRows,
      RowSet<Row> episodeRows) {
    Map<String, List<Row>> entriesOf = byUser(entryRows);
    Map<String, List<Row>> episodesOf = byUser(episodeRows);
    Map<String, UserHistory> histories = HashMap.newHashMap(queries.size());
    for (UserQuery query : queries) {
      String userId = query.userId();
      Optional<List<Entry>> entries =
          unreadable.read(
              UnreadableRows.TRANSACTIONS,
              userId,
              () ->
                  entriesOf.getOrDefault(userId, List.of()).stream()
                      .map(PgHistory::entry)
                      .toList());
      Optional<List<Episode>> episodes =
          unreadable.read(
              UnreadableRows.ALERTS,
              userId,
              () ->
                  episodes(episodesOf.getOrDefault(userId, List.of()), entries.orElse(List.of())));
      if (entries.isPresent() && episodes.isPresent()) {
        histories.put(
            userId,
            new UserHistory(
                versions.getOrDefault(userId, List.of()),
                query.knownFromMs(),
                entries.get(),
                episodes.get()));
      }
    }
    return histories;
  }

  private static Map<String, List<Row>> byUser(RowSet<Row> rows) {
    Map<String, List<Row>> byUser = new HashMap<>();
    for (Row row : rows) {
      byUser.computeIfAbsent(row.getString(0), _ -> new ArrayList<>()).add(row);
    }
    return byUser;
  }

  private static Entry entry(Row row) {
    return new Entry(
        row.getString(1),
        Columns.timeMs(row, 2, "event_time"),
        row.getLong(3),
        row.getString(4),
        row.getLong(5));
  }

  private static List<Episode> episodes(List<Row> rows, List<Entry> entries) {
    List<Episode> episodes = new ArrayList<>(rows.size());
    for (Row row : rows) {
      long endMs = Columns.timeMs(row, 3, "event_time", Long.MAX_VALUE);
      if (endMs > endsAfterMs(entries)) {
        episodes.add(
            new Episode(
                row.getString(1), Columns.timeMs(row, 2, "event_time"), endMs, row.getLong(4)));
      }
    }
    return episodes;
  }

  /** Without entries the statement's own bound is all there is to go by. */
  private static long endsAfterMs(List<Entry> entries) {
    return entries.isEmpty() ? Long.MIN_VALUE : entries.getLast().eventTimeMs() - REACH_MS;
  }
}
