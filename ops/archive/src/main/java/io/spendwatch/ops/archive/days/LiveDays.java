package io.spendwatch.ops.archive.days;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.Column;
import io.spendwatch.ops.archive.format.EncodedRow;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.archive.format.RowTotals;
import io.spendwatch.ops.archive.format.Totals;
import io.spendwatch.ops.rounds.ArchiveWriter.Day;
import io.spendwatch.ops.storage.schema.JdbcSession;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.database.SqlText;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The days as the database has them, and what it notes of the archive, over one connection. While
 * it is open, no other process can have it open for writing. For one thread. Throws {@link
 * OperatorException} where PostgreSQL does not do it.
 */
public final class LiveDays implements AutoCloseable {
  private static final String LIST_DAYS = sql("list_days");
  private static final String LIST_ARCHIVED = sql("list_archived");
  private static final String FIND_CLOSED = sql("find_closed");
  private static final String FIND_AUDIT = sql("find_audit");
  private static final String NOTE_DAY = sql("note_day");
  private static final String NOTE_RESTORED = sql("note_restored");
  private static final String LIST_UNVERIFIED = sql("list_unverified");
  private static final String LIST_REVISIONS = sql("list_revisions");
  private static final String NOTE_VERIFIED = sql("note_verified");
  private static final String NOTE_REWRITTEN = sql("note_rewritten");
  private static final String NOTE_ACTION = sql("note_action");

  private static final String LOCK = "hashtextextended('spendwatch.archive', 0)";

  private final JdbcSession session;
  private final Connection connection;

  private LiveDays(JdbcSession session) {
    this.session = session;
    this.connection = session.connection();
  }

  /**
   * What is noted of a day in the archive.
   *
   * @param bytes of its files
   * @param inTable how many of its transactions are in the table
   * @param droppedAt null while they are
   * @param keptUntil null but for a day that was restored
   */
  public record Archived(
      LocalDate day,
      Instant archivedAt,
      int revision,
      long transactions,
      long alerts,
      long bytes,
      long inTable,
      Instant droppedAt,
      Instant keptUntil) {}

  /** The transactions of a day in the table, as the server adds them up. */
  record Digest(long transactions, BigDecimal digest) {
    static final Digest NONE = new Digest(0, BigDecimal.ZERO);
  }

  /**
   * Connects.
   *
   * @param role whose privileges it has; empty for those of the user
   */
  public static LiveDays open(PostgresAddress address, String role) {
    try {
      Connection connection = address.connect("spendwatch-archive");
      try (Statement statement = connection.createStatement()) {
        if (!role.isEmpty()) {
          statement.execute("SET ROLE " + role);
        }
        // Each statement reads a day, or all of them.
        statement.execute("SET statement_timeout = 0");
        return new LiveDays(new JdbcSession(connection, e -> failure(address, e)));
      } catch (SQLException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw failure(address, e);
    }
  }

  /** Takes the lock that lets one process write to the archive; held until this is closed. */
  public boolean tryLock() {
    return session.one("SELECT pg_try_advisory_lock(" + LOCK + ")", row -> row.getBoolean(1));
  }

  /** Gives the lock back. */
  public void unlock() {
    boolean _ = session.one("SELECT pg_advisory_unlock(" + LOCK + ")", row -> row.getBoolean(1));
  }

  /** Where the archive is, as the database has it noted. */
  public Optional<String> archiveUri() {
    return Optional.ofNullable(
        session.one("SELECT archive_uri FROM spendwatch.settings", row -> row.getString(1)));
  }

  /** Notes where the archive is. From now on retention drops only what is there. */
  public void noteUri(String uri) {
    long _ = session.update("UPDATE spendwatch.settings SET archive_uri = ?", uri);
  }

  /**
   * Refuses columns that the archive would not have.
   *
   * @throws OperatorException naming them
   */
  public void requireKnownColumns() {
    for (ArchiveTable table : ArchiveTable.values()) {
      if (!table.isAddedTo()) {
        continue;
      }
      List<String> unknown =
          session.all(
              "SELECT attname FROM pg_attribute WHERE attrelid = ('spendwatch.' || ?)::regclass"
                  + " AND attnum > 0 AND NOT attisdropped",
              row -> row.getString(1),
              table.word());
      unknown.removeAll(table.columns().stream().map(Column::name).toList());
      if (!unknown.isEmpty()) {
        throw new OperatorException(
            "spendwatch."
                + table.word()
                + " has columns that this program would not archive: "
                + String.join(", ", unknown)
                + "; use the version that the database was migrated by");
      }
    }
  }

  /** The instant of event time before which a day must have ended to be archived; or none yet. */
  public Optional<Instant> closedBefore(Duration settled) {
    return Optional.ofNullable(
            session.one(FIND_CLOSED, row -> row.getObject(1, OffsetDateTime.class)))
        .map(OffsetDateTime::toInstant)
        .map(at -> at.minus(settled));
  }

  /** The days that have ended by this instant. */
  public List<Day> days(Instant closedBefore) {
    OffsetDateTime bound = closedBefore.atOffset(ZoneOffset.UTC).truncatedTo(ChronoUnit.DAYS);
    return session.all(
        LIST_DAYS,
        row ->
            new Day(
                row.getObject(1, LocalDate.class),
                row.getLong(2),
                row.getLong(3),
                row.getLong(4),
                Optional.ofNullable(row.getObject(5, OffsetDateTime.class))
                    .map(OffsetDateTime::toInstant),
                row.getBoolean(6),
                row.getBoolean(7),
                row.getBoolean(8)),
        bound,
        bound,
        bound);
  }

  /** What is noted of the archive, the newest day first. */
  public List<Archived> archived() {
    return session.all(
        LIST_ARCHIVED,
        row ->
            new Archived(
                row.getObject(1, LocalDate.class),
                instant(row, 2),
                row.getInt(3),
                row.getLong(4),
                row.getLong(5),
                row.getLong(6),
                row.getLong(7),
                instant(row, 8),
                instant(row, 9)));
  }

  private static Instant instant(ResultSet row, int at) throws SQLException {
    OffsetDateTime time = row.getObject(at, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  /** The run of the audit that has found everything clean that was written before this instant. */
  public Optional<Long> cleanAuditAfter(Instant written) {
    return Optional.ofNullable(
        session.one(
            FIND_AUDIT,
            row -> {
              long run = row.getLong(1);
              return row.wasNull() ? null : run;
            },
            written.atOffset(ZoneOffset.UTC)));
  }

  /** Does the work in one transaction that sees the tables as they are at its first statement. */
  public <T> T inSnapshot(Supplier<T> work) {
    return session.inSnapshot(work::get);
  }

  /** Does the work in one transaction: all of it is there in the end, or none. */
  public <T> T inTransaction(Supplier<T> work) {
    return session.inTransaction(work::get);
  }

  /**
   * The rows of a table that belong to the day. To be called in a transaction, and closed in it.
   */
  CopyRows rows(ArchiveTable table, LocalDate day) {
    return CopyRows.open(
        session, table, begin(day).toInstant(), begin(day.plusDays(1)).toInstant());
  }

  /** What the rows of a table that belong to the day come to. To be called in a transaction. */
  Totals totals(ArchiveTable table, LocalDate day) {
    var totals = new RowTotals(table);
    var row = new EncodedRow(table);
    try (CopyRows rows = rows(table, day)) {
      while (rows.next(row)) {
        totals.add(row);
      }
    }
    return totals.totals();
  }

  private static OffsetDateTime begin(LocalDate day) {
    return day.atStartOfDay().atOffset(ZoneOffset.UTC);
  }

  public static long micros(OffsetDateTime time, String name) {
    try {
      return Math.addExact(
          Math.multiplyExact(time.toEpochSecond(), 1_000_000L), time.getNano() / 1000L);
    } catch (ArithmeticException e) {
      throw new OperatorException(
          "a row has the " + name + " " + time + ", which is no time: correct or delete it", e);
    }
  }

  /** The day's transactions that are in the table. */
  public Digest digest(LocalDate day) {
    List<Digest> found =
        session.all(
            "SELECT transactions, digest FROM spendwatch.day_digests('spendwatch.transactions', ?, ?)",
            row -> new Digest(row.getLong(1), row.getBigDecimal(2)),
            begin(day),
            begin(day.plusDays(1)));
    return found.isEmpty() ? Digest.NONE : found.getFirst();
  }

  /** Notes that the day is in the archive as the manifest says, and is compared with the tables. */
  void note(Manifest manifest, Digest digest, long alerts, long versions) {
    long _ =
        session.update(
            NOTE_DAY,
            manifest.day(),
            manifest.revision(),
            manifest.table(ArchiveTable.TRANSACTIONS).totals().rows(),
            manifest.table(ArchiveTable.ALERTS).totals().rows(),
            manifest.bytes(),
            digest.transactions(),
            digest.digest(),
            alerts,
            versions);
  }

  /**
   * A day as it is in the archive.
   *
   * @param archivedAt tells days apart that were archived anew
   * @param isVerified whether all of its files were read as they are now
   */
  public record Revision(LocalDate day, int revision, Instant archivedAt, boolean isVerified) {}

  /** The days that are in the archive, in order. */
  public List<Revision> revisions() {
    return session.all(
        LIST_REVISIONS,
        row ->
            new Revision(
                row.getObject(1, LocalDate.class),
                row.getInt(2),
                instant(row, 3),
                row.getBoolean(4)));
  }

  /** The days that are in the archive otherwise than when they were last verified, in order. */
  public List<LocalDate> unverified() {
    return session.all(LIST_UNVERIFIED, row -> row.getObject(1, LocalDate.class));
  }

  /** Notes that all files of this revision of a day's manifest are as they should be. */
  public void noteVerified(Manifest manifest) {
    long _ =
        session.update(NOTE_VERIFIED, manifest.revision(), manifest.day(), manifest.revision());
  }

  /** Notes that the day is in the table again. */
  public void noteRestored(LocalDate day, Digest digest, Instant keptUntil) {
    long _ =
        session.update(
            NOTE_RESTORED,
            digest.transactions(),
            digest.digest(),
            keptUntil.atOffset(ZoneOffset.UTC),
            day);
  }

  /** Whether the table's transactions of the day are those that were last compared. */
  public boolean isAsNoted(LocalDate day) {
    Digest noted =
        session.one(
            "SELECT table_transactions, table_digest FROM spendwatch.archived_days WHERE day = ?",
            row -> new Digest(row.getLong(1), row.getBigDecimal(2)),
            day);
    Digest here = digest(day);
    return here.transactions() == noted.transactions()
        && here.digest().compareTo(noted.digest()) == 0;
  }

  /** Notes what the day has in the archive now; how it compares with the tables stays noted. */
  public void noteRewritten(Manifest manifest) {
    long _ = session.update(NOTE_REWRITTEN, manifest.revision(), manifest.bytes(), manifest.day());
  }

  /**
   * Refuses to go on while somebody is being erased: tables and archive have different ids then.
   */
  public void requireNobodyHalfErased() {
    if (session.one(
        "SELECT EXISTS (SELECT FROM spendwatch.erasures WHERE user_id IS NOT NULL)",
        row -> row.getBoolean(1))) {
      throw new OperatorException(
          "a user is erased only half, so that tables and archive have different ids: end it first,"
              + " by `spendwatch erase USER --yes` once more");
    }
  }

  /**
   * Notes in the operators' trail what whoever is logged in on this machine had done, with what was
   * done: in one transaction.
   */
  public void noteAction(String action, String outcome) {
    long _ =
        session.update(NOTE_ACTION, System.getProperty("user.name", "unknown"), action, outcome);
  }

  /**
   * Puts transactions of a day into the table, those that are there already left as they are. To be
   * called in a transaction.
   *
   * @return how many were put
   */
  public long insert(LocalDate day, Parquet.Rows rows) {
    ArchiveTable table = ArchiveTable.TRANSACTIONS;
    try (Statement statement = connection.createStatement()) {
      try (PreparedStatement partition =
          connection.prepareStatement("SELECT spendwatch.ensure_partitions(ARRAY[?])")) {
        partition.setObject(1, begin(day));
        boolean _ = partition.execute();
      }
      boolean _ =
          statement.execute(
              "CREATE TEMPORARY TABLE restored (LIKE spendwatch.transactions) ON COMMIT DROP");
      TableCopy.copy(session, "pg_temp.restored", table, rows);
      return statement.executeLargeUpdate(
          String.format(
              Locale.ROOT,
              "INSERT INTO spendwatch.transactions (%s) SELECT %s FROM pg_temp.restored"
                  + " ON CONFLICT DO NOTHING",
              table.names(),
              table.names()));
    } catch (SQLException e) {
      throw session.failure(e);
    }
  }

  private static String sql(String name) {
    return SqlText.load(LiveDays.class, name);
  }

  private static OperatorException failure(PostgresAddress address, SQLException e) {
    return new OperatorException(address + ": " + e.getMessage(), e);
  }

  @Override
  public void close() {
    session.close();
  }
}
