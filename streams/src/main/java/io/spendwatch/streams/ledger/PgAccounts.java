package io.spendwatch.streams.ledger;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.streams.database.EventTimes;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Versions of balances, from tables {@code accounts} and {@code account_versions}, many users in
 * one round trip. For any thread; completes on an event loop. A user of whom a version cannot be
 * read is noted and left out, as if there were no account.
 */
public final class PgAccounts implements Accounts {
  private static final String READ_VERSIONS = SqlText.load(Ledger.class, "read_versions");
  private static final String READ_VERSIONS_IN_FORCE =
      SqlText.load(Ledger.class, "read_versions_in_force");
  private static final String FIND_CHANGES = SqlText.load(Ledger.class, "find_changes");
  private static final String WALK_CHANGES = SqlText.load(Ledger.class, "walk_changes");
  private static final String FIND_ACTIVE = RuleText.load(Ledger.class, "find_active");

  /** About as many versions as lie in one. */
  private static final int ROWS_A_BLOCK = 40;

  /** Half a MiB: some milliseconds. */
  private static final int BLOCKS_MAX = 64;

  private static final Comparator<AccountBalance> ORDER =
      Comparator.comparingLong(AccountBalance::asOfMs).thenComparingLong(AccountBalance::version);

  private final Statements database;
  private final UnreadableRows unreadable;

  public PgAccounts(Statements database, UnreadableRows unreadable) {
    this.database = database;
    this.unreadable = unreadable;
  }

  @Override
  public CompletionStage<Map<String, List<AccountBalance>>> versions(
      Collection<VersionsQuery> queries) {
    if (queries.isEmpty()) {
      return CompletableFuture.completedFuture(Map.of());
    }
    return database
        .read(
            READ_VERSIONS,
            Tuple.tuple()
                .addArrayOfString(
                    queries.stream().map(VersionsQuery::userId).toArray(String[]::new))
                .addArrayOfOffsetDateTime(
                    queries.stream()
                        .map(query -> EventTimes.boundToDatabase(query.fromMs()))
                        .toArray(OffsetDateTime[]::new)))
        .thenApply(
            rows -> {
              Map<String, List<Row>> rowsOf = byUser(rows);
              Map<String, List<AccountBalance>> versions = HashMap.newHashMap(rowsOf.size());
              rowsOf.forEach(
                  (userId, ofUser) ->
                      unreadable
                          .read(UnreadableRows.ACCOUNTS, userId, () -> versions(ofUser))
                          .ifPresent(read -> versions.put(userId, read)));
              unreadable.forgetAbsent(
                  UnreadableRows.ACCOUNTS,
                  queries.stream().map(VersionsQuery::userId).toList(),
                  rowsOf.keySet());
              return versions;
            });
  }

  private static Map<String, List<Row>> byUser(RowSet<Row> rows) {
    Map<String, List<Row>> byUser = HashMap.newHashMap(rows.size());
    for (Row row : rows) {
      byUser.computeIfAbsent(row.getString(0), _ -> new ArrayList<>(1)).add(row);
    }
    return byUser;
  }

  private static List<AccountBalance> versions(List<Row> rows) {
    List<AccountBalance> versions = new ArrayList<>(rows.size());
    for (Row row : rows) {
      AccountBalance version = version(row, 1);
      versions.add(version);
      if (row.getOffsetDateTime(5) != null) {
        versions.add(closed(version, row, 5));
      }
    }
    if (versions.size() > 1) {
      versions.sort(ORDER);
    }
    return versions;
  }

  @Override
  public CompletionStage<List<@Nullable AccountBalance>> inForce(List<InstantQuery> queries) {
    if (queries.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    return database
        .read(
            READ_VERSIONS_IN_FORCE,
            Tuple.tuple()
                .addArrayOfString(queries.stream().map(InstantQuery::userId).toArray(String[]::new))
                .addArrayOfOffsetDateTime(
                    queries.stream()
                        .map(query -> EventTimes.toDatabase(query.atMs()))
                        .toArray(OffsetDateTime[]::new)))
        .thenApply(
            rows -> {
              List<@Nullable AccountBalance> inForce = new ArrayList<>(rows.size());
              for (Row row : rows) {
                InstantQuery query = queries.get(inForce.size());
                inForce.add(
                    row.getLong(0) == null
                        ? null
                        : unreadable
                            .readOne(
                                UnreadableRows.ACCOUNTS,
                                query.userId(),
                                () -> inForce(row, query.atMs()))
                            .orElse(null));
              }
              return inForce;
            });
  }

  private static AccountBalance inForce(Row row, long atMs) {
    AccountBalance version = version(row, 0);
    return Columns.timeMs(row, 4, "closed_at", Long.MAX_VALUE) < atMs
        ? closed(version, row, 4)
        : version;
  }

  @Override
  public CompletionStage<Changes> changes(
      Collection<String> userIds,
      long recordedAfterMs,
      long streamTimeMs,
      Predicate<String> isOurs,
      String from,
      int limit) {
    OffsetDateTime recordedAfter = EventTimes.boundToDatabase(recordedAfterMs);
    OffsetDateTime streamTime = EventTimes.toDatabase(streamTimeMs);
    return from.isEmpty()
        ? find(userIds, recordedAfter, streamTime, isOurs, limit)
        : walk(Place.parse(from), recordedAfter, streamTime, isOurs, limit);
  }

  /** All at once; nobody where there are too many for that. */
  private CompletionStage<Changes> find(
      Collection<String> userIds,
      OffsetDateTime recordedAfter,
      OffsetDateTime streamTime,
      Predicate<String> isOurs,
      int limit) {
    boolean ofAll = userIds.isEmpty();
    return database
        .read(
            FIND_CHANGES,
            Tuple.of(
                userIds.toArray(String[]::new),
                recordedAfter,
                streamTime,
                ofAll ? Long.valueOf(limit) : null))
        .thenCompose(
            rows -> {
              long versions = 0;
              for (Row row : rows) {
                versions += row.getLong(3) == null ? 0 : row.getLong(3);
              }
              return ofAll && versions >= limit
                  ? CompletableFuture.completedFuture(
                      new Changes(Map.of(), nowMs(rows), Optional.of(Place.BEGINNING.toString())))
                  : found(rows, 1, isOurs, Optional.empty());
            });
  }

  private CompletionStage<Changes> walk(
      Place from,
      OffsetDateTime recordedAfter,
      OffsetDateTime streamTime,
      Predicate<String> isOurs,
      int limit) {
    long next = from.block + Math.clamp(limit / ROWS_A_BLOCK, 1, BLOCKS_MAX);
    return database
        .read(
            WALK_CHANGES,
            Tuple.of(recordedAfter, streamTime, "(" + from.block + ",0)", "(" + next + ",0)"))
        .thenCompose(
            rows -> {
              Row first = rows.iterator().next();
              String files = first.getString(1);
              if (!from.isIn(files)) {
                // Rewritten meanwhile (VACUUM FULL): nothing lies where it did.
                return CompletableFuture.completedFuture(
                    new Changes(
                        Map.of(), nowMs(rows), Optional.of(new Place(files, 0).toString())));
              }
              boolean isLast = next >= first.getLong(2);
              return found(
                  rows,
                  3,
                  isOurs,
                  isLast ? Optional.empty() : Optional.of(new Place(files, next).toString()));
            });
  }

  /** Where there is nobody, one row says what time it is. */
  private static long nowMs(RowSet<Row> rows) {
    return EventTimes.toMs(rows.iterator().next().getOffsetDateTime(0));
  }

  /**
   * @param column of the user's id; the next one has the instant
   */
  private CompletionStage<Changes> found(
      RowSet<Row> rows, int column, Predicate<String> isOurs, Optional<String> next) {
    Map<String, Long> sinceMs = new HashMap<>();
    for (Row row : rows) {
      String userId = row.getString(column);
      if (userId != null && isOurs.test(userId)) {
        unreadable
            .readOne(
                UnreadableRows.ACCOUNTS, userId, () -> Columns.timeMs(row, column + 1, "as_of"))
            .ifPresent(instantMs -> sinceMs.put(userId, instantMs));
      }
    }
    long nowMs = nowMs(rows);
    return active(sinceMs).thenApply(active -> new Changes(active, nowMs, next));
  }

  /**
   * Where a walk goes on.
   *
   * @param files that the tables were in; empty where none has been looked into
   */
  private record Place(String files, long block) {
    static final Place BEGINNING = new Place("", 0);

    static Place parse(String place) {
      int end = place.lastIndexOf('/');
      return new Place(place.substring(0, end), Long.parseLong(place.substring(end + 1)));
    }

    boolean isIn(String now) {
      return files.isEmpty() || files.equals(now);
    }

    @Override
    public String toString() {
      return files + "/" + block;
    }
  }

  /** Those of these who have transactions that the change may matter for. */
  private CompletionStage<Map<String, Long>> active(Map<String, Long> sinceMs) {
    if (sinceMs.isEmpty()) {
      return CompletableFuture.completedFuture(Map.of());
    }
    String[] userIds = new String[sinceMs.size()];
    OffsetDateTime[] since = new OffsetDateTime[sinceMs.size()];
    long leastMs = Long.MAX_VALUE;
    int i = 0;
    for (Map.Entry<String, Long> user : sinceMs.entrySet()) {
      userIds[i] = user.getKey();
      since[i++] = EventTimes.toDatabase(user.getValue());
      leastMs = Math.min(leastMs, user.getValue());
    }
    return database
        .read(
            FIND_ACTIVE,
            Tuple.of(
                userIds, since, EventTimes.boundToDatabase(leastMs - ExposureWindow.WINDOW_MS)))
        .thenApply(
            rows -> {
              Map<String, Long> active = new HashMap<>();
              for (Row row : rows) {
                String userId = row.getString(0);
                active.put(userId, Objects.requireNonNull(sinceMs.get(userId), "asked for"));
              }
              return active;
            });
  }

  /** From four columns, the first of them at this place. */
  private static AccountBalance version(Row row, int from) {
    return new AccountBalance(
        row.getLong(from),
        Columns.currency(row, from + 1, "currency"),
        row.getLong(from + 2),
        Columns.timeMs(row, from + 3, "as_of"));
  }

  /** From two more columns: when the account went, and the number of that. */
  private static AccountBalance closed(AccountBalance last, Row row, int from) {
    return new AccountBalance(
        last.balanceMinor(),
        last.currency(),
        row.getLong(from + 1),
        Columns.timeMs(row, from, "closed_at"),
        true);
  }
}
