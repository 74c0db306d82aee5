package io.spendwatch.streams.capture.change;

/** What a column holds, as far as a mapping is concerned. */
public enum ColumnType {
  /** An integer of any size. */
  INTEGER,
  /** A decimal that is exact. */
  DECIMAL,
  /** A binary fraction. */
  FLOATING_POINT,
  /** A date and time without a zone. */
  LOCAL_DATE_TIME,
  /** A point in time. */
  INSTANT,
  DATE,
  TIME,
  TEXT,
  BOOLEAN,
  /** What no mapping can read but as text. */
  OTHER
}
