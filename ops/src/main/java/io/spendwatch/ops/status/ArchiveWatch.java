package io.spendwatch.ops.status;

import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;

/** How far the archive is, as it was moments ago. Thread-safe, blocks nobody. */
public final class ArchiveWatch {
  private static final Duration INTERVAL = Duration.ofSeconds(30);
  private static final Duration LOOK_MAX = Duration.ofMinutes(1);
  private static final String FIND_ARCHIVE = SqlText.load(ArchiveWatch.class, "find_archive");

  private final Statements database;
  private volatile ArchiveStatus last;

  /**
   * @param database may read what is noted of the archive
   */
  public ArchiveWatch(Statements database) {
    this.database = database;
  }

  /** Looks again and again until cancelled. While the database is away the last answer stays. */
  public Cancellable start(ActorSystem<?> system) {
    return PeriodicWork.start(
        system, "The look at the archive", Duration.ZERO, INTERVAL, LOOK_MAX, this::look);
  }

  /** Null where there is no archive, and before it is known. */
  public ArchiveStatus last() {
    return last;
  }

  /** When the latest archived day began, seconds since 1970; 0 where there is none. */
  public long lastDaySeconds() {
    ArchiveStatus known = last;
    return known == null || known.lastDay() == null
        ? 0
        : LocalDate.parse(known.lastDay()).atStartOfDay().toEpochSecond(ZoneOffset.UTC);
  }

  private CompletionStage<Void> look() {
    return database
        .execute(FIND_ARCHIVE, Tuple.tuple())
        .thenAccept(rows -> last = rows.size() == 0 ? null : status(rows.iterator().next()))
        .exceptionally(_ -> null);
  }

  private static ArchiveStatus status(Row row) {
    OffsetDateTime at = row.getOffsetDateTime(3);
    return new ArchiveStatus(
        row.getString(0), row.getLong(1), row.getString(2), at == null ? null : at.toInstant());
  }
}
