package io.spendwatch.streams.life;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;

/**
 * What is counted of an alert.
 *
 * @param sinceMs timestamp of the record that it came of; {@link #OF_NO_RECORD} for none
 */
public record PublishedAlert(AlertType type, boolean late, long sinceMs) {
  /** Of an alert that time or a balance brought about: there is no record whose way it took. */
  public static final long OF_NO_RECORD = -1;

  /**
   * Of one that is published by the life that has assessed its record.
   *
   * @param recordMs timestamp of the record at its offset
   */
  public static PublishedAlert of(Alert alert, long recordMs) {
    return new PublishedAlert(
        alert.type(), alert.late(), isOfARecord(alert) ? recordMs : OF_NO_RECORD);
  }

  /** Of one that an earlier life has assessed, whose record is not at hand any more. */
  public static PublishedAlert leftBehind(Alert alert) {
    return of(alert, alert.detectedAtMs());
  }

  /** Milliseconds on the way; negative for one of no record. */
  long afterMs(long nowMs) {
    return sinceMs == OF_NO_RECORD ? OF_NO_RECORD : Math.max(0, nowMs - sinceMs);
  }

  private static boolean isOfARecord(Alert alert) {
    return alert.cause() != AlertCause.EXPIRY && alert.cause() != AlertCause.BALANCE;
  }
}
