package io.spendwatch.ops.audit.explain;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.records.AlertRow;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/**
 * What the tables say. Each method blocks for an answer, and throws an {@link OperatorException}
 * that names what is wrong where there is none. For one thread.
 */
final class StoredFacts {
  private static final String READ_STAYS = load("read_stays");
  private static final String FIND_DAYS_LEFT = load("find_days_left");
  private static final String FIND_ALERT = load("find_alert");
  private static final String FIND_ALERTS_BY_PREFIX = load("find_alerts_by_prefix");
  private static final String READ_ALERTS = load("read_alerts");
  private static final String FIND_TRANSACTIONS = load("find_transactions");
  private static final String FIND_ARRIVAL = load("find_arrival");
  private static final String FIND_LATEST = load("find_latest");
  private static final String READ_WINDOW = load("read_window");
  private static final String FIND_LAST_BATCH = load("find_last_batch");
  private static final String FIND_PASSED = load("find_passed");
  private static final String FIND_VERSION = load("find_version");
  private static final String FIND_VERSION_OF_BALANCE = load("find_version_of_balance");
  private static final String FIND_VERSION_AT = load("find_version_at");

  /** Earlier and later than any event time. */
  static final Instant BEFORE_ALL = Instant.parse("0001-01-01T00:00:00Z");

  static final Instant AFTER_ALL = Instant.parse("9999-12-31T00:00:00Z");

  private final Statements database;
  private final Map<String, Stays> stays = new HashMap<>();

  StoredFacts(Statements database) {
    this.database = database;
  }

  /** An exposure, and how many transactions it sums. */
  record Sum(long exposureMinor, long transactions) {}

  /**
   * A transaction within a window.
   *
   * @param signedMinor a refund is negative
   * @param runningMinor the sum of the window up to it
   */
  record Entry(
      Instant eventTime,
      String transactionId,
      String kind,
      long signedMinor,
      Verdict verdict,
      long offset,
      long runningMinor) {}

  /**
   * The last transactions of a window, in their order.
   *
   * @param total how many there are
   */
  record Entries(List<Entry> entries, long total) {
    /** The sum of those that are not here. */
    long earlierMinor() {
      return entries.isEmpty()
          ? 0
          : entries.getFirst().runningMinor() - entries.getFirst().signedMinor();
    }

    long earlier() {
      return total - entries.size();
    }
  }

  /** Of these days, those that have left for the archive. */
  List<LocalDate> daysLeft(LocalDate from, LocalDate to) {
    return read(FIND_DAYS_LEFT, row -> row.getLocalDate(0), from, to);
  }

  Optional<Alert> alert(String alertId) {
    return read(FIND_ALERT, AlertRow::read, alertId).stream().findFirst();
  }

  /** Where the user has been at home; as of when it was first asked. */
  Stays stays(String userId) {
    return stays.computeIfAbsent(
        userId,
        _ ->
            new Stays(
                read(
                    READ_STAYS,
                    row -> new Stays.Stay(row.getInteger(0), row.getLong(1), row.getLong(2)),
                    userId)));
  }

  /** The transaction's place among all that arrived of its user. */
  long arrival(StoredTransaction row) {
    return stays(row.userId()).arrival(row.partition(), row.offset());
  }

  /** The place of the record with which it was decided. */
  long arrival(Alert alert) {
    return stays(alert.userId()).arrival(alert.source().partition(), alert.source().offset());
  }

  private String inOrder(String sql, String userId) {
    return sql.replace("{arrived}", stays(userId).arrivalSql());
  }

  /** Alerts whose ids begin so. */
  List<Alert> alertsBeginningWith(String prefix, int max) {
    return read(FIND_ALERTS_BY_PREFIX, AlertRow::read, prefix, max);
  }

  /**
   * The alerts of the user's episodes that last at this instant, or did when this arrived, and
   * those to which it led; in the order in which they were decided.
   */
  List<Alert> alerts(String userId, Instant at, long arrival) {
    return read(inOrder(READ_ALERTS, userId), AlertRow::read, userId, time(at), arrival);
  }

  /** Those of the episodes that last at this instant. */
  List<Alert> alerts(String userId, Instant at) {
    return alerts(userId, at, Long.MAX_VALUE);
  }

  /**
   * All transactions with this id.
   *
   * @param userId null for any, which reads whole partitions
   */
  List<StoredTransaction> transactions(
      String transactionId, String userId, Instant from, Instant to, int max) {
    return read(
        FIND_TRANSACTIONS,
        StoredFacts::transaction,
        transactionId,
        userId,
        time(from),
        time(to),
        max);
  }

  /** The user's transaction that came with the record at which this was decided. */
  Optional<StoredTransaction> arrivedWith(Alert alert, Instant from, Instant to) {
    return read(
            FIND_ARRIVAL,
            StoredFacts::transaction,
            alert.userId(),
            alert.source().offset(),
            time(from),
            time(to),
            alert.source().partition())
        .stream()
        .findFirst();
  }

  /** The user's latest transaction in (after, to], of those that arrived before this. */
  Optional<StoredTransaction> latest(String userId, Instant after, Instant to, long before) {
    return read(
            inOrder(FIND_LATEST, userId),
            StoredFacts::transaction,
            userId,
            time(after),
            time(to),
            before)
        .stream()
        .findFirst();
  }

  /**
   * The first one to arrive with a later event time: the user's time passed the instant with it.
   */
  Optional<StoredTransaction> passed(String userId, Instant at) {
    return read(inOrder(FIND_PASSED, userId), StoredFacts::transaction, userId, time(at)).stream()
        .findFirst();
  }

  /** When the batch was written that has the last to arrive of what the window knows. */
  Optional<Instant> lastBatch(Window window) {
    return read(
            inOrder(FIND_LAST_BATCH, window.userId()),
            row -> instant(row, 0),
            window.userId(),
            time(window.start()),
            time(window.end()),
            window.known().arrivalMax())
        .stream()
        .findFirst();
  }

  /** By the very statement that is shown. */
  Sum sum(Window window) {
    return read(window.sql(), row -> new Sum(row.getLong(0), row.getLong(1))).getFirst();
  }

  /** The last of what the window sums. */
  Entries entries(Window window, int max) {
    return entries(window, window.start(), window.end(), true, max);
  }

  /** What is in the window's hours by now and was not known. */
  Entries unknown(Window window, int max) {
    return entries(window, window.start(), window.end(), false, max);
  }

  /** What had its time exactly at the window's open edge: it has left at the window's end. */
  Entries left(Window window, int max) {
    return entries(window, window.start().minusMillis(1), window.start(), true, max);
  }

  Optional<AccountVersion> version(String userId, long version) {
    return read(FIND_VERSION, StoredFacts::version, userId, version).stream().findFirst();
  }

  /** The version with this balance that is most likely meant at this instant. */
  Optional<AccountVersion> versionOf(
      String userId, long balanceMinor, String currency, Instant at) {
    return read(
            FIND_VERSION_OF_BALANCE, StoredFacts::version, userId, balanceMinor, currency, time(at))
        .stream()
        .findFirst();
  }

  /** The version in force at this instant, or that begins there: of those that are known now. */
  Optional<AccountVersion> versionAt(String userId, Instant at) {
    return read(FIND_VERSION_AT, StoredFacts::version, userId, time(at)).stream().findFirst();
  }

  /** The version that a transaction of this instant is held against. */
  Optional<AccountVersion> versionBefore(String userId, Instant at) {
    return versionAt(userId, at.minusMillis(1));
  }

  private Entries entries(Window window, Instant start, Instant end, boolean known, int max) {
    long[] total = {0};
    List<Entry> entries =
        new ArrayList<>(
            read(
                inOrder(READ_WINDOW, window.userId()),
                row -> {
                  total[0] = row.getLong(7);
                  return new Entry(
                      instant(row, 0),
                      row.getString(1),
                      row.getString(2),
                      row.getLong(3),
                      Verdict.valueOf(row.getString(4)),
                      row.getLong(5),
                      row.getLong(6));
                },
                window.userId(),
                time(start),
                time(end),
                window.currency(),
                window.known().arrivalMax(),
                window.known().batchLeftOut() == null ? null : time(window.known().batchLeftOut()),
                known,
                max));
    Collections.reverse(entries);
    return new Entries(List.copyOf(entries), total[0]);
  }

  private <T> List<T> read(String sql, Function<Row, T> as, Object... parameters) {
    RowSet<Row> rows;
    try {
      rows = database.execute(sql, Tuple.from(parameters)).toCompletableFuture().join();
    } catch (CompletionException e) {
      throw new OperatorException(PgFailure.describe(e.getCause()), e);
    }
    try {
      return StreamSupport.stream(rows.spliterator(), false).map(as).toList();
    } catch (ArithmeticException | IllegalArgumentException e) {
      throw new OperatorException(
          "a row of the answer cannot be read: "
              + e.getMessage()
              + " (somebody has written a time or a word there that is none: see status)",
          e);
    }
  }

  private static StoredTransaction transaction(Row row) {
    return new StoredTransaction(
        row.getString(0),
        instant(row, 1),
        row.getString(2),
        row.getString(3),
        row.getLong(4),
        row.getString(5),
        row.getLong(6),
        row.getLong(7),
        row.getLong(8),
        Verdict.valueOf(row.getString(9)),
        row.getInteger(10),
        row.getLong(11),
        instant(row, 12));
  }

  private static AccountVersion version(Row row) {
    OffsetDateTime closedAt = row.getOffsetDateTime(5);
    return new AccountVersion(
        row.getLong(0),
        row.getLong(1),
        row.getString(2),
        instant(row, 3),
        instant(row, 4),
        closedAt == null ? null : closedAt.toInstant());
  }

  private static Instant instant(Row row, int column) {
    return row.getOffsetDateTime(column).toInstant();
  }

  private static OffsetDateTime time(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }

  private static String load(String name) {
    return SqlText.load(StoredFacts.class, name);
  }
}
