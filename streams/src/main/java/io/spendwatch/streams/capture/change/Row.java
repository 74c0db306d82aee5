package io.spendwatch.streams.capture.change;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A row as the log has it. A value is null, a {@link Long}, {@link java.math.BigDecimal}, {@link
 * Boolean}, {@link String} or {@link Double}, an {@link java.time.Instant} where the column has a
 * zone, else a {@link java.time.LocalDateTime}, {@link java.time.LocalDate} or {@link
 * java.time.LocalTime}, or {@link NotSent}. Immutable.
 *
 * @param columns values by the column's name
 */
public record Row(Map<String, Object> columns) {

  /** In place of a value. */
  public enum NotSent {
    /** A large column's that the log does not repeat, since it has not changed. */
    NOT_SENT
  }

  public Row {
    columns = Collections.unmodifiableMap(new LinkedHashMap<>(columns));
  }
}
