package io.spendwatch.ops.records;

import io.spendwatch.protocol.Alert;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Alerts as they are stored. Thread-safe, blocks nobody; what it answers fails where PostgreSQL
 * does.
 *
 * <p>A list goes along an index, from a place on towards the past, in steps of so many rows: what a
 * filter passes over costs no more than that, however many alerts there are. A page of a search
 * that finds little may so have few items, or none, and still a next one.
 */
public final class AlertRecords {
  private static final String KIND = "alerts";

  private static final String LIST = SqlText.load(AlertRecords.class, "list_alerts");
  private static final String LIST_ALL = scanning("scan_alerts");
  private static final String LIST_OF_USER = scanning("scan_user_alerts");
  private static final String LIST_OPEN = scanning("scan_open_alerts");
  private static final String FIND_BY_PREFIX = SqlText.load(AlertRecords.class, "find_by_prefix");
  private static final String FIND_AT_MERCHANT =
      SqlText.load(AlertRecords.class, "find_at_merchant");

  /** Rows that a statement looks at. */
  private static final int SCANNED_MAX = 20_000;

  /** Rows that the first one looks at for each that is wanted: most filters let many pass. */
  private static final int FIRST_STEP = 10;

  /** Rows whose transactions are looked up at once. */
  private static final int LOOKED_UP_MAX = 1_000;

  /** Statements for one page. */
  private static final int STEPS_MAX = 10;

  private final Statements database;

  /**
   * @param database the analytical pool
   */
  public AlertRecords(Statements database) {
    this.database = database;
  }

  /**
   * What a step has found.
   *
   * @param alerts that match, in order
   * @param reached the last row looked at; null where there is none after it
   */
  private record Step(List<Alert> alerts, Place reached) {}

  /**
   * A page of those that match, by event time, the newest first.
   *
   * @param cursor of the page; null for the first one
   * @throws IllegalArgumentException for a cursor of something else
   */
  public CompletionStage<Page<Alert>> list(AlertFilter filter, int limit, String cursor) {
    return list(filter, limit, Place.from(KIND, cursor, filter.to()), STEPS_MAX, List.of());
  }

  private CompletionStage<Page<Alert>> list(
      AlertFilter filter, int limit, Place after, int stepsLeft, List<Alert> before) {
    int wanted = limit + 1 - before.size();
    int scannedMax =
        stepsLeft == STEPS_MAX ? Math.min(SCANNED_MAX, FIRST_STEP * wanted) : SCANNED_MAX;
    return step(filter, wanted, scannedMax, after)
        .thenCompose(
            step -> {
              List<Alert> found = new ArrayList<>(before);
              found.addAll(step.alerts());
              if (step.reached() == null || found.size() > limit) {
                return CompletableFuture.completedFuture(
                    Page.of(found, limit, alert -> placeOf(alert).cursor(KIND)));
              }
              return stepsLeft == 1
                  ? CompletableFuture.completedFuture(
                      new Page<>(found, step.reached().cursor(KIND)))
                  : list(filter, limit, step.reached(), stepsLeft - 1, found);
            });
  }

  private CompletionStage<Step> step(AlertFilter filter, int wanted, int scannedMax, Place after) {
    boolean looksUp = filter.merchant() != null;
    int scanned = looksUp ? LOOKED_UP_MAX : passesOver(filter) ? scannedMax : wanted;
    Instant from = filter.from() == null ? Place.BEFORE_ALL : filter.from();
    return database
        .read(
            statement(filter),
            Tuple.from(
                new Object[] {
                  after.time(),
                  after.id(),
                  Place.time(from),
                  scanned,
                  looksUp ? scanned : wanted,
                  filter.type() == null ? null : filter.type().name(),
                  filter.late(),
                  filter.userId(),
                  filter.minExcess() == null ? null : filter.minExcess().toPlainString(),
                  filter.open() && !scansOpen(filter)
                }))
        .thenApply(rows -> step(rows, scanned))
        .thenCompose(
            step ->
                looksUp && !step.alerts().isEmpty()
                    ? atMerchant(step, filter.merchant())
                    : CompletableFuture.completedFuture(step));
  }

  private static String statement(AlertFilter filter) {
    if (filter.userId() != null) {
      return LIST_OF_USER;
    }
    return scansOpen(filter) ? LIST_OPEN : LIST_ALL;
  }

  /** Whether it goes along the open episodes, so that nothing else is found. */
  private static boolean scansOpen(AlertFilter filter) {
    return filter.open() && filter.userId() == null;
  }

  /** Whether some of what it goes along is not wanted. */
  private static boolean passesOver(AlertFilter filter) {
    return filter.type() != null
        || filter.late() != null
        || filter.minExcess() != null
        || filter.merchant() != null
        || (filter.open() && !scansOpen(filter));
  }

  private static Step step(RowSet<Row> rows, int scanned) {
    List<Alert> alerts = new ArrayList<>();
    Place reached = null;
    for (Row row : rows) {
      if (row.getString(0) != null) {
        alerts.add(AlertRow.read(row));
      }
      if (row.getLong(22) == scanned) {
        reached = new Place(row.getOffsetDateTime(20).toInstant(), row.getString(21));
      }
    }
    return new Step(alerts, reached);
  }

  /** A merchant is the transaction's: looked up by key, within the days of these alerts. */
  private CompletionStage<Step> atMerchant(Step step, String merchant) {
    List<Alert> named =
        step.alerts().stream().filter(alert -> alert.transactionId() != null).toList();
    if (named.isEmpty()) {
      return CompletableFuture.completedFuture(new Step(List.of(), step.reached()));
    }
    return database
        .read(
            FIND_AT_MERCHANT,
            Tuple.tuple()
                .addArrayOfString(named.stream().map(Alert::userId).toArray(String[]::new))
                .addArrayOfOffsetDateTime(
                    named.stream()
                        .map(alert -> time(alert.eventTimeMs()))
                        .toArray(OffsetDateTime[]::new))
                .addArrayOfString(named.stream().map(Alert::transactionId).toArray(String[]::new))
                .addOffsetDateTime(time(named.getLast().eventTimeMs()))
                .addOffsetDateTime(time(named.getFirst().eventTimeMs()))
                .addString(merchant))
        .thenApply(
            rows -> {
              List<Alert> there = new ArrayList<>();
              rows.forEach(row -> there.add(named.get(row.getLong(0).intValue() - 1)));
              return new Step(there, step.reached());
            });
  }

  /**
   * The alert with this id, or those whose ids begin so: at most two, which is enough to know that
   * the beginning is not enough. Without a name for a beginning, {@code allowsPrefix} is false.
   */
  public CompletionStage<List<Alert>> find(String id, boolean allowsPrefix) {
    return database
        .read(FIND_BY_PREFIX, Tuple.of(id, allowsPrefix))
        .thenApply(
            rows -> {
              List<Alert> found = new ArrayList<>();
              rows.forEach(row -> found.add(AlertRow.read(row)));
              boolean isThere = !found.isEmpty() && found.getFirst().alertId().equals(id);
              return isThere ? List.of(found.getFirst()) : found;
            });
  }

  private static Place placeOf(Alert alert) {
    return new Place(Instant.ofEpochMilli(alert.eventTimeMs()), alert.alertId());
  }

  private static OffsetDateTime time(long ms) {
    return Place.time(Instant.ofEpochMilli(ms));
  }

  private static String scanning(String name) {
    return LIST.replace("{scan}", SqlText.load(AlertRecords.class, name).stripTrailing());
  }
}
