package io.spendwatch.streams.capture.expression;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.streams.capture.expression.MappedRow.UnmappableException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.time.temporal.JulianFields;
import java.util.Optional;
import java.util.Set;

/** When a row's transaction took place, by its columns. */
public sealed interface EventTimeColumn {

  /** Those that it asks. */
  Set<String> columns();

  /**
   * Milliseconds since the epoch, UTC; what is below a millisecond is cut off towards the past.
   *
   * @throws UnmappableException if there is none
   */
  long epochMs(MappedRow row) throws UnmappableException;

  /** What an integer column counts. */
  enum Unit {
    SECONDS(1, 1000),
    MILLISECONDS(1, 1),
    MICROSECONDS(1000, 1);

    private final long perMs;
    private final long msPer;

    Unit(long perMs, long msPer) {
      this.perMs = perMs;
      this.msPer = msPer;
    }

    long toMs(long value) {
      return Math.floorDiv(Math.multiplyExact(value, msPer), perMs);
    }
  }

  /**
   * One column with a point in time.
   *
   * @param zone that it is meant in, where it does not say one itself: where clocks are put back,
   *     the earlier of the two instants; where they are put forward, as much later
   * @param unit since 1970, where it is a number
   */
  record Moment(String column, Optional<ZoneId> zone, Optional<Unit> unit)
      implements EventTimeColumn {
    @Override
    public Set<String> columns() {
      return Set.of(column);
    }

    @Override
    public long epochMs(MappedRow row) throws UnmappableException {
      Object value = row.required(column);
      try {
        return switch (value) {
          case Instant instant -> instant.toEpochMilli();
          case LocalDateTime local -> local.atZone(zoneOf(column, zone)).toInstant().toEpochMilli();
          case LocalDate day -> day.atStartOfDay(zoneOf(column, zone)).toInstant().toEpochMilli();
          case Long number -> unitOf(number).toMs(number);
          case BigDecimal number -> unitOf(number).toMs(number.longValueExact());
          default -> throw notATime(column, value);
        };
      } catch (ArithmeticException | DateTimeException e) {
        throw notATime(column, value);
      }
    }

    private Unit unitOf(Object value) throws UnmappableException {
      if (unit.isEmpty()) {
        throw notATime(column, value);
      }
      return unit.get();
    }
  }

  /**
   * A day and a time of it, in two columns: the day as a date or a Julian day number, the time as a
   * time or the second of the day.
   */
  record DayAndTime(String day, String time, ZoneId zone) implements EventTimeColumn {
    @Override
    public Set<String> columns() {
      return Set.of(day, time);
    }

    @Override
    public long epochMs(MappedRow row) throws UnmappableException {
      LocalDate date = date(row.required(day));
      LocalTime clock = clock(row.required(time));
      return date.atTime(clock)
          .truncatedTo(ChronoUnit.MILLIS)
          .atZone(zone)
          .toInstant()
          .toEpochMilli();
    }

    private LocalDate date(Object value) throws UnmappableException {
      try {
        return switch (value) {
          case LocalDate date -> date;
          case LocalDateTime local -> local.toLocalDate();
          case Long number -> LocalDate.EPOCH.with(JulianFields.JULIAN_DAY, number);
          default -> throw notATime(day, value);
        };
      } catch (ArithmeticException | DateTimeException e) {
        throw notATime(day, value);
      }
    }

    private LocalTime clock(Object value) throws UnmappableException {
      try {
        return switch (value) {
          case LocalTime clock -> clock;
          case Long number -> LocalTime.ofSecondOfDay(number);
          default -> throw notATime(time, value);
        };
      } catch (DateTimeException e) {
        throw notATime(time, value);
      }
    }
  }

  private static ZoneId zoneOf(String column, Optional<ZoneId> zone) throws UnmappableException {
    if (zone.isEmpty()) {
      throw new UnmappableException(
          DeadLetterReason.BAD_EVENT_TIME,
          "column " + column + " is a local time, and the mapping says no zone");
    }
    return zone.get();
  }

  private static UnmappableException notATime(String column, Object value) {
    return new UnmappableException(
        DeadLetterReason.BAD_EVENT_TIME,
        "column "
            + column
            + " is no point in time that the mapping can read: "
            + TextTemplate.shown(value));
  }
}
