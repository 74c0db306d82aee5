package io.spendwatch.streams.ledger;

import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.protocol.Alert;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

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
  private static final String FIND_ACTIVE = SqlText.load(Ledger.class, "find_active");

  private static final Comparator<AccountBalance> ORDER =
      Comparator.comparingLong(AccountBalance::asOfMs).thenComparingLong(AccountBalance::version);

  /** Users whose changes are read in one statement. */
  private static final int CHANGES_PAGE = 20_000;

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
      Predicate<String> isOurs) {
    return changes(
        Tuple.of(
            userIds.toArray(String[]::new),
            EventTimes.boundToDatabase(recordedAfterMs),
            EventTimes.toDatabase(streamTimeMs)),
        isOurs,
        "",
        new Changes(new HashMap<>(), Long.MAX_VALUE));
  }

  /**
   * Adds those of the users after this one, page by page: of all accounts that have changed at
   * once, only a page is in memory, and then those of ours that matter.
   */
  private CompletionStage<Changes> changes(
      Tuple question, Predicate<String> isOurs, String afterUserId, Changes before) {
    Tuple parameters = Tuple.tuple();
    for (int i = 0; i < question.size(); i++) {
      parameters.addValue(question.getValue(i));
    }
    return database
        .read(FIND_CHANGES, parameters.addString(afterUserId).addInteger(CHANGES_PAGE))
        .thenCompose(
            rows -> {
              // Of the first page: what is recorded while we read may be missing in it.
              long seenAtMs = before.seenAtMs();
              String lastUserId = afterUserId;
              Map<String, Long> sinceMs = new HashMap<>();
              for (Row row : rows) {
                seenAtMs = Math.min(seenAtMs, EventTimes.toMs(row.getOffsetDateTime(0)));
                String userId = row.getString(1);
                if (userId != null) {
                  lastUserId = userId;
                  if (isOurs.test(userId)) {
                    unreadable
                        .readOne(
                            UnreadableRows.ACCOUNTS, userId, () -> Columns.timeMs(row, 2, "as_of"))
                        .ifPresent(instantMs -> sinceMs.put(userId, instantMs));
                  }
                }
              }
              boolean isLast = rows.size() < CHANGES_PAGE;
              String next = lastUserId;
              return active(sinceMs, seenAtMs)
                  .thenCompose(
                      active -> {
                        before.sinceMs().putAll(active.sinceMs());
                        Changes all = new Changes(before.sinceMs(), active.seenAtMs());
                        return isLast
                            ? CompletableFuture.completedFuture(all)
                            : changes(question, isOurs, next, all);
                      });
            });
  }

  private CompletionStage<Changes> active(Map<String, Long> sinceMs, long nowMs) {
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
            Tuple.of(userIds, since, EventTimes.boundToDatabase(leastMs - Alert.WINDOW_MS)))
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
