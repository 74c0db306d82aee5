package io.spendwatch.ops.records;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/**
 * Where a list by time goes on: after the row of this instant and id, towards the past. Two rows of
 * one instant are in the order of their ids, so that none is lost between two pages, and none comes
 * twice.
 *
 * @param at to the microsecond, as tables have it
 * @param id empty for before all rows of the instant
 */
record Place(Instant at, String id) {
  /** Earlier than any row, and later. */
  static final Instant BEFORE_ALL = Instant.parse("0001-01-01T00:00:00Z");

  static final Instant AFTER_ALL = Instant.parse("+10000-01-01T00:00:00Z");

  /**
   * Where to begin.
   *
   * @param cursor of the page; null for the first one
   * @param to before which the list begins; null for its end
   * @throws IllegalArgumentException for a cursor of something else
   */
  static Place from(String kind, String cursor, Instant to) {
    Place end = new Place(to == null ? AFTER_ALL : to, "");
    if (cursor == null) {
      return end;
    }
    String[] parts = Cursor.place(kind, cursor).split("\\|", 2);
    try {
      if (parts.length == 2 && parts[1].indexOf('\0') < 0) {
        Place place = new Place(Instant.parse(parts[0]), parts[1]);
        boolean isStorable = !place.at.isBefore(BEFORE_ALL) && !place.at.isAfter(AFTER_ALL);
        if (isStorable) {
          return place.at.isBefore(end.at) ? place : end;
        }
      }
    } catch (DateTimeException e) {
      throw Cursor.unknown();
    }
    throw Cursor.unknown();
  }

  String cursor(String kind) {
    return Cursor.of(kind, at + "|" + id);
  }

  OffsetDateTime time() {
    return time(at);
  }

  /** As the database client takes it. */
  static OffsetDateTime time(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }
}
