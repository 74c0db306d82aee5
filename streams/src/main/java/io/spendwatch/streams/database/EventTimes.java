package io.spendwatch.streams.database;

import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/** Milliseconds of our records against the client's type for timestamptz, exact both ways. */
public final class EventTimes {
  /** 0001-01-01: earlier than any event time, and within what PostgreSQL can store. */
  private static final long EARLIEST_MS = -62_135_596_800_000L;

  private EventTimes() {}

  public static OffsetDateTime toDatabase(long timeMs) {
    // Of each row: an instant on the way would cost as much again.
    long seconds = Math.floorDiv(timeMs, 1000L);
    int nanos = Math.floorMod(timeMs, 1000) * 1_000_000;
    return LocalDateTime.ofEpochSecond(seconds, nanos, ZoneOffset.UTC).atOffset(ZoneOffset.UTC);
  }

  /** {@link Long#MIN_VALUE}, which stands for none, as null. */
  public static @Nullable OffsetDateTime toDatabaseOrNull(long timeMs) {
    return timeMs == Long.MIN_VALUE ? null : toDatabase(timeMs);
  }

  /** Null as {@link Long#MIN_VALUE}, which stands for none. */
  static long toMsOrNone(@Nullable OffsetDateTime time) {
    return time == null ? Long.MIN_VALUE : toMs(time);
  }

  /** A lower bound, which may be {@link Long#MIN_VALUE} for none. */
  public static OffsetDateTime boundToDatabase(long timeMs) {
    return toDatabase(Math.max(timeMs, EARLIEST_MS));
  }

  public static long toMs(OffsetDateTime time) {
    return time.toInstant().toEpochMilli();
  }
}
