package io.spendwatch.streams.postgres;

import io.spendwatch.actors.AccountBalance;
import io.spendwatch.actors.Accounts;
import io.spendwatch.actors.History.InstantQuery;
import io.spendwatch.protocol.Alert;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Versions of balances, from tables {@code accounts} and {@code account_versions}, many users in
 * one round trip. For any thread; completes on an event loop.
 */
public final class PgAccounts implements Accounts {
  private static final String READ_VERSIONS = SqlText.load("read_versions");
  private static final String READ_VERSIONS_IN_FORCE = SqlText.load("read_versions_in_force");
  private static final String FIND_CHANGES = SqlText.load("find_changes");
  private static final String FIND_ACTIVE = SqlText.load("find_active");

  private static final Comparator<AccountBalance> ORDER =
      Comparator.comparingLong(AccountBalance::asOfMs).thenComparingLong(AccountBalance::version);

  private final Statements database;

  public PgAccounts(Statements database) {
    this.database = database;
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
        .thenApply(PgAccounts::byUser);
  }

  private static Map<String, List<AccountBalance>> byUser(RowSet<Row> rows) {
    Map<String, List<AccountBalance>> versions = HashMap.newHashMap(rows.size());
    for (Row row : rows) {
      List<AccountBalance> ofUser =
          versions.computeIfAbsent(row.getString(0), _ -> new ArrayList<>(1));
      AccountBalance version = version(row, 1);
      ofUser.add(version);
      if (row.getOffsetDateTime(5) != null) {
        ofUser.add(closed(version, row, 5));
      }
    }
    for (List<AccountBalance> ofUser : versions.values()) {
      if (ofUser.size() > 1) {
        ofUser.sort(ORDER);
      }
    }
    return versions;
  }

  @Override
  public CompletionStage<List<AccountBalance>> inForce(List<InstantQuery> queries) {
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
              List<AccountBalance> inForce = new ArrayList<>(rows.size());
              for (Row row : rows) {
                inForce.add(inForce(row, queries.get(inForce.size()).atMs()));
              }
              return inForce;
            });
  }

  private static AccountBalance inForce(Row row, long atMs) {
    if (row.getLong(0) == null) {
      return null;
    }
    AccountBalance version = version(row, 0);
    OffsetDateTime closedAt = row.getOffsetDateTime(4);
    return closedAt != null && EventTimes.toMs(closedAt) < atMs ? closed(version, row, 4) : version;
  }

  @Override
  public CompletionStage<Changes> changes(
      int partition, Collection<String> userIds, long recordedAfterMs, long streamTimeMs) {
    return database
        .read(
            FIND_CHANGES,
            Tuple.of(
                userIds.toArray(String[]::new),
                EventTimes.boundToDatabase(recordedAfterMs),
                EventTimes.toDatabase(streamTimeMs)))
        .thenCompose(
            rows -> {
              long nowMs = Long.MIN_VALUE;
              Map<String, Long> sinceMs = new HashMap<>();
              for (Row row : rows) {
                nowMs = EventTimes.toMs(row.getOffsetDateTime(0));
                if (row.getString(1) != null) {
                  sinceMs.put(row.getString(1), EventTimes.toMs(row.getOffsetDateTime(2)));
                }
              }
              return active(partition, sinceMs, nowMs);
            });
  }

  private CompletionStage<Changes> active(int partition, Map<String, Long> sinceMs, long nowMs) {
    if (sinceMs.isEmpty()) {
      return CompletableFuture.completedFuture(new Changes(Map.of(), nowMs));
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
                userIds, since, partition, EventTimes.boundToDatabase(leastMs - Alert.WINDOW_MS)))
        .thenApply(
            rows -> {
              Map<String, Long> active = new HashMap<>();
              for (Row row : rows) {
                active.put(row.getString(0), sinceMs.get(row.getString(0)));
              }
              return new Changes(active, nowMs);
            });
  }

  /** From four columns, the first of them at this place. */
  private static AccountBalance version(Row row, int from) {
    return new AccountBalance(
        row.getLong(from),
        row.getString(from + 1),
        row.getLong(from + 2),
        EventTimes.toMs(row.getOffsetDateTime(from + 3)));
  }

  /** From two more columns: when the account went, and the number of that. */
  private static AccountBalance closed(AccountBalance last, Row row, int from) {
    return new AccountBalance(
        last.balanceMinor(),
        last.currency(),
        row.getLong(from + 1),
        EventTimes.toMs(row.getOffsetDateTime(from)),
        true);
  }
}
