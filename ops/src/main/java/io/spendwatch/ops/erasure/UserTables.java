package io.spendwatch.ops.erasure;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.Reconciliation;
import io.spendwatch.ops.erasure.ErasureReport.TableRows;
import io.spendwatch.ops.storage.schema.JdbcSession;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.database.SqlText;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * The tables, as one user is erased in them, over one connection of the owner's. Each transaction
 * is of one table partition and the days in it, but for the first one, {@link #renameLive}, which
 * is of what nodes go by. None locks more than the user's own rows. For one thread. Throws {@link
 * OperatorException} where PostgreSQL does not do it.
 */
final class UserTables implements AutoCloseable {
  private static final String LIST_PARTITIONS = sql("list_partitions");
  private static final String COUNT_IN_PARTITION = sql("count_in_partition");
  private static final String COUNT_ROWS = sql("count_rows");
  private static final String FIND_HINDRANCE = sql("find_hindrance");
  private static final String RENAME_LIVE = sql("rename_live");
  private static final String RENAME_ROWS = sql("rename_rows");
  private static final String RENAME_FINDINGS = sql("rename_findings");
  private static final String CLEAR_DAYS = sql("clear_days");
  private static final String COUNT_DAYS = sql("count_days");
  private static final String COUNT_MONTHS = sql("count_months");
  private static final String RENAME_DAYS = sql("rename_days");

  private static final String OWNER = "spendwatch_owner";
  private static final String NO_PRIVILEGE = "42501";

  /** Somebody has changed the same rows meanwhile, or waits for ours while we wait for theirs. */
  private static final Set<String> TRY_AGAIN = Set.of("40001", "40P01");

  private static final int TRIES_MAX = 50;
  private static final Duration PAUSE = Duration.ofMillis(100);

  /** What a node has in memory of a user reaches back so far, and as much before a late record. */
  private static final Duration LIVE = Duration.ofDays(3);

  private final JdbcSession session;

  private UserTables(JdbcSession session) {
    this.session = session;
  }

  /**
   * A table partition with rows of the user.
   *
   * @param begins the first event time of the partition
   * @param ends the end, not included
   * @param lastCameMs how long ago the last of them was written, milliseconds
   * @param isPending whether one of them is in no roll-up yet
   */
  record Partition(
      String name,
      Instant begins,
      Instant ends,
      long rows,
      Instant latest,
      long lastCameMs,
      boolean isPending) {}

  /** An erasure that has begun and not ended: {@code isLive} once nodes go by the pseudonym. */
  record Unfinished(String pseudonym, boolean isLive) {}

  /** Connects. */
  static UserTables open(PostgresAddress address) {
    try {
      Connection connection = address.connect("spendwatch-erase");
      try (Statement statement = connection.createStatement()) {
        if (isMember(statement)) {
          boolean _ = statement.execute("SET ROLE " + OWNER);
        }
        boolean _ = statement.execute("SET lock_timeout = '10s'; SET statement_timeout = '10min'");
        // Each plan is of the days that it is asked for.
        boolean _ = statement.execute("SET plan_cache_mode = force_custom_plan");
        return new UserTables(new JdbcSession(connection, e -> failure(address, e)));
      } catch (SQLException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw failure(address, e);
    }
  }

  private static boolean isMember(Statement statement) throws SQLException {
    try (ResultSet rows =
        statement.executeQuery(
            "SELECT coalesce(pg_has_role(to_regrole('" + OWNER + "'), 'MEMBER'), false)")) {
      rows.next();
      return rows.getBoolean(1);
    }
  }

  /** Where the archive is, as the database has it noted. */
  Optional<String> archiveUri() {
    return Optional.ofNullable(
        session.one("SELECT archive_uri FROM spendwatch.settings", row -> row.getString(1)));
  }

  /** Keeps audits away until this is closed; false while one is at work. */
  boolean tryLockAudits() {
    return session.one(
        "SELECT pg_try_advisory_lock(?)", row -> row.getBoolean(1), Reconciliation.LOCK);
  }

  /** Whether what audits have said is as they said it. Goes through all runs. */
  boolean isChainWhole() {
    return session.one(
        "SELECT NOT EXISTS (SELECT FROM spendwatch.broken_runs())", row -> row.getBoolean(1));
  }

  /** Why nobody can be erased at this moment. */
  Optional<String> hindrance() {
    return Optional.ofNullable(session.one(FIND_HINDRANCE, row -> row.getString(1)));
  }

  /** The partitions with transactions of the user, the newest first. Asks each there is. */
  List<Partition> partitions(String userId) {
    record Bounds(String name, Instant begins, Instant ends) {}
    List<Partition> found = new ArrayList<>();
    List<Bounds> all =
        session.all(
            LIST_PARTITIONS, row -> new Bounds(row.getString(1), instant(row, 2), instant(row, 3)));
    for (Bounds bounds : all) {
      Partition partition =
          session.one(
              in(COUNT_IN_PARTITION, bounds.name()),
              row ->
                  new Partition(
                      bounds.name(),
                      bounds.begins(),
                      bounds.ends(),
                      row.getLong(1),
                      instant(row, 2),
                      row.getLong(3),
                      row.getBoolean(4)),
              userId);
      if (partition.rows() > 0) {
        found.add(partition);
      }
    }
    return found;
  }

  /** The other tables with rows of the user. */
  List<TableRows> rows(String userId) {
    return session
        .all(COUNT_ROWS, row -> new TableRows(row.getString(1), row.getLong(2)), userId)
        .stream()
        .filter(table -> table.rows() > 0)
        .toList();
  }

  /** The counts of partitions that the topic has, had, or is about to have. */
  Set<Integer> partitionCounts() {
    Set<Integer> counts = new HashSet<>();
    session
        .all(
            "SELECT partitions, former, growing_to FROM spendwatch.topic_layout",
            row -> {
              List<Integer> each = new ArrayList<>(List.of((Integer[]) row.getArray(2).getArray()));
              each.add(row.getInt(1));
              int growing = row.getInt(3);
              if (!row.wasNull()) {
                each.add(growing);
              }
              return each;
            })
        .forEach(counts::addAll);
    return counts;
  }

  /** The user's erasure that is under way. */
  Optional<Unfinished> unfinished(String userId) {
    return session
        .all(
            "SELECT pseudonym, live_at IS NOT NULL FROM spendwatch.erasures WHERE user_id = ?",
            row -> new Unfinished(row.getString(1), row.getBoolean(2)),
            userId)
        .stream()
        .findFirst();
  }

  /** Notes that the user is to have this pseudonym; for as long as it takes, and no longer. */
  void begin(String userId, String pseudonym) {
    long _ =
        session.update(
            "INSERT INTO spendwatch.erasures (pseudonym, user_id) VALUES (?, ?)",
            pseudonym,
            userId);
  }

  /**
   * From now on nodes and roll-ups go by the pseudonym, in one transaction, which tells the nodes
   * when it commits: accounts, alerts, episodes, and the transactions that windows are made of.
   *
   * @param partitions with rows of the user
   */
  void renameLive(String userId, String pseudonym, List<Partition> partitions) {
    Optional<Instant> latest = partitions.stream().map(Partition::latest).max(Instant::compareTo);
    List<Partition> recent =
        latest
            .map(at -> partitions.stream().filter(p -> p.ends().isAfter(at.minus(LIVE))).toList())
            .orElse(List.of());
    inTransaction(
        () -> {
          for (Partition partition : recent) {
            renameRows(userId, pseudonym, partition, OffsetDateTime.MAX);
          }
          long _ = session.update(RENAME_LIVE, userId, pseudonym);
          countDroppedMonths(userId, pseudonym);
          tell(userId, pseudonym);
        });
  }

  private void countDroppedMonths(String userId, String pseudonym) throws SQLException {
    List<OffsetDateTime> dropped =
        session.one(
            "SELECT (SELECT min(day) FROM spendwatch.daily_users)::timestamp AT TIME ZONE 'UTC', dropped_before"
                + " FROM spendwatch.settings",
            row ->
                Stream.of(
                        row.getObject(1, OffsetDateTime.class),
                        row.getObject(2, OffsetDateTime.class))
                    .filter(Objects::nonNull)
                    .toList());
    if (dropped.size() == 2 && dropped.getFirst().isBefore(dropped.getLast())) {
      long _ =
          session.update(
              COUNT_MONTHS, both(userId, pseudonym), dropped.getFirst(), dropped.getLast());
    }
  }

  /** Tells the nodes, once the transaction commits. Telling them again does no harm. */
  void tell(String userId, String pseudonym) {
    var _ =
        session.one(
            "SELECT pg_notify('spendwatch_accounts',"
                + " jsonb_build_object('renamed', jsonb_build_array(?::text, ?::text))::text)",
            _ -> true,
            userId,
            pseudonym);
  }

  /** Renames the older transactions of the user in a partition, with what they add up to. */
  void rename(String userId, String pseudonym, Partition partition) {
    inTransaction(
        () -> {
          OffsetDateTime until =
              session.one(
                  "SELECT live_at FROM spendwatch.erasures WHERE pseudonym = ?",
                  row -> row.getObject(1, OffsetDateTime.class),
                  pseudonym);
          renameRows(userId, pseudonym, partition, until);
        });
  }

  private void renameRows(
      String userId, String pseudonym, Partition partition, OffsetDateTime until)
      throws SQLException {
    long _ = session.update(in(RENAME_ROWS, partition.name()), pseudonym, userId, until);
    OffsetDateTime droppedBefore =
        session.one(
            "SELECT dropped_before FROM spendwatch.settings",
            row -> row.getObject(1, OffsetDateTime.class));
    if (droppedBefore != null && !partition.ends().isAfter(droppedBefore.toInstant())) {
      // Restored: what it added up to stands as it was.
      return;
    }
    OffsetDateTime begins = partition.begins().atOffset(ZoneOffset.UTC);
    OffsetDateTime ends = partition.ends().atOffset(ZoneOffset.UTC);
    Array both = both(userId, pseudonym);
    if (isAttached(partition)) {
      long _ = session.update(CLEAR_DAYS, both, begins, ends);
      long _ = session.update(COUNT_DAYS, both, begins, ends);
    } else {
      long _ = session.update(RENAME_DAYS, userId, pseudonym, begins, ends);
    }
    long _ = session.update(COUNT_MONTHS, both, begins, ends);
  }

  private Array both(String userId, String pseudonym) throws SQLException {
    return session.connection().createArrayOf("text", new String[] {userId, pseudonym});
  }

  /** Whether its rows are seen through the table; not while it leaves. */
  private boolean isAttached(Partition partition) {
    return session.one(
        "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'spendwatch.transactions'::regclass"
            + " AND inhrelid = ('spendwatch.' || ?)::regclass AND NOT inhdetachpending)",
        row -> row.getBoolean(1),
        partition.name());
  }

  /** What audits have found of the user is said of the pseudonym, and their chain holds of it. */
  void renameFindings(String userId, String pseudonym) {
    inTransaction(
        () -> {
          Long from =
              session.one(
                  RENAME_FINDINGS,
                  row -> {
                    long place = row.getLong(1);
                    return row.wasNull() ? null : place;
                  },
                  userId,
                  pseudonym);
          if (from != null) {
            long _ =
                session.update(
                    "UPDATE spendwatch.erasures SET place = chain.place, hash_before = chain.hash"
                        + " FROM spendwatch.reconciliation_chain AS chain WHERE pseudonym = ?",
                    pseudonym);
            var _ = session.one("SELECT spendwatch.rechain_runs(?)", _ -> true, from);
            long _ =
                session.update(
                    "UPDATE spendwatch.erasures SET hash_after = chain.hash"
                        + " FROM spendwatch.reconciliation_chain AS chain WHERE pseudonym = ?",
                    pseudonym);
          }
        });
  }

  /** Nothing leads from the pseudonym to the user any more. */
  void end(String pseudonym) {
    long _ =
        session.update(
            "UPDATE spendwatch.erasures SET user_id = NULL, live_at = NULL WHERE pseudonym = ?",
            pseudonym);
    // The row's former version is not to lie in the file until somebody comes by.
    long _ = session.update("VACUUM spendwatch.erasures");
  }

  /** What is done in one transaction. */
  private interface Work {
    void run() throws SQLException;
  }

  /** Of one snapshot; again where somebody else was at the same rows. */
  private void inTransaction(Work work) {
    for (int attempt = 1; ; attempt++) {
      try {
        boolean _ =
            session.inSnapshot(
                () -> {
                  work.run();
                  return true;
                });
        return;
      } catch (OperatorException e) {
        if (attempt == TRIES_MAX
            || !(e.getCause() instanceof SQLException sql)
            || !TRY_AGAIN.contains(String.valueOf(sql.getSQLState()))) {
          throw e;
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  private static Instant instant(ResultSet row, int at) throws SQLException {
    OffsetDateTime time = row.getObject(at, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  /** A table's name is the schema's own, and needs no quotes. */
  private static String in(String sql, String partition) {
    return sql.replace("{partition}", partition);
  }

  private static String sql(String name) {
    return SqlText.load(UserTables.class, name);
  }

  private static OperatorException failure(PostgresAddress address, SQLException e) {
    return new OperatorException(
        address
            + ": "
            + e.getMessage()
            + (NO_PRIVILEGE.equals(e.getSQLState())
                ? " (who erases acts for " + OWNER + ": be a member of it)"
                : ""),
        e);
  }

  @Override
  public void close() {
    session.close();
  }
}
