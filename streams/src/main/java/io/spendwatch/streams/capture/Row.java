package io.spendwatch.streams.capture;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A row as the log has it. A value is null, a {@link Long}, {@link java.math.BigDecimal}, {@link
 * Boolean}, {@link String} or {@link Double}, an {@link java.time.Instant} where the column has a
 * zone, else a {@link java.time.LocalDateTime}, {@link java.time.LocalDate} or {@link
 * java.time.LocalTime}, or {@link #NOT_SENT}. Immutable.
 *
 * @param columns values by the column's name
 */
public record Row(Map<String, Object> columns) {

  /** The value of a large column that the log does not repeat, since it has not changed. */
  public static final Object NOT_SENT =
      new Object() {
        @Override
        public String toString() {
          return "(not in the log)";
        }
      };

  public Row {
    columns = Collections.unmodifiableMap(new LinkedHashMap<>(columns));
  }
}
