package io.spendwatch.ops.records;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.streams.database.EventTimes;
import io.vertx.sqlclient.Row;

/** A row of table {@code alerts} as the alert that it is. Stateless. */
public final class AlertRow {
  private AlertRow() {}

  /**
   * Reads the first 20 columns, in the order of {@code list_alerts.sql}.
   *
   * @throws ArithmeticException for a time that no record can have
   * @throws IllegalArgumentException for a word that is none of ours
   */
  public static Alert read(Row row) {
    String cause = row.getString(12);
    long eventTimeMs = EventTimes.toMs(row.getOffsetDateTime(9));
    long windowMs = eventTimeMs - EventTimes.toMs(row.getOffsetDateTime(19));
    return new Alert(
        row.getString(0),
        AlertType.valueOf(row.getString(1)),
        row.getString(2),
        row.getString(3),
        row.getString(4),
        row.getLong(5),
        row.getLong(6),
        row.getString(7),
        row.getInteger(8),
        eventTimeMs,
        EventTimes.toMs(row.getOffsetDateTime(10)),
        row.getBoolean(11),
        row.getString(16),
        cause == null ? null : AlertCause.valueOf(cause),
        new Alert.AppliedRule(row.getString(17), row.getInteger(18), windowMs),
        new Alert.Source(row.getString(13), row.getInteger(14), row.getLong(15)));
  }
}
