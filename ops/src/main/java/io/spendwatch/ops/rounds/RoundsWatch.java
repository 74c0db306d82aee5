package io.spendwatch.ops.rounds;

import io.spendwatch.ops.status.RoundsStatus;
import io.spendwatch.ops.status.RoundsStatus.State;
import io.spendwatch.ops.status.RoundsStatus.Step;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;

/** How rounds stand, as it was moments ago, whoever does them. Thread-safe, blocks nobody. */
public final class RoundsWatch {
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final Duration LOOK_MAX = Duration.ofMinutes(1);
  private static final String FIND_ROUNDS = SqlText.load(RoundsWatch.class, "find_rounds");

  private final Statements database;
  private final Optional<Duration> every;
  private volatile RoundsStatus last;

  /**
   * @param database may read what is noted of rounds
   * @param every between those of this node; empty where it does none
   */
  public RoundsWatch(Statements database, Optional<Duration> every) {
    this.database = database;
    this.every = every;
  }

  /** Looks again and again until cancelled. While the database is away the last answer stays. */
  public Cancellable start(ActorSystem<?> system) {
    return PeriodicWork.start(
        system,
        "The look at the rounds of the archive",
        Duration.ZERO,
        INTERVAL,
        LOOK_MAX,
        () -> look().exceptionally(_ -> null));
  }

  /** Null where nobody does any or has done one, and before it is known. */
  public RoundsStatus last() {
    return last;
  }

  /** When a round was last complete, seconds since 1970; 0 where none was. */
  public long completedSeconds() {
    RoundsStatus known = last;
    return known == null || known.completedAt() == null ? 0 : known.completedAt().getEpochSecond();
  }

  /** Looks now. Fails when the database does not answer. */
  public CompletionStage<Void> look() {
    return database
        .execute(FIND_ROUNDS, Tuple.tuple())
        .thenAccept(rows -> last = rows.size() == 0 ? null : status(rows));
  }

  private RoundsStatus status(RowSet<Row> rows) {
    Map<String, Step> noted = new HashMap<>();
    Row turn = rows.iterator().next();
    rows.forEach(
        row -> {
          if (row.getString("step") != null) {
            noted.put(row.getString("step"), step(row));
          }
        });
    if (noted.isEmpty() && every.isEmpty()) {
      return null;
    }
    return new RoundsStatus(
        turn.getString("holder"),
        instant(turn, "completed_at"),
        due(instant(turn, "begun_at"), instant(turn, "retry_at")),
        Arrays.stream(RoundStep.values())
            .map(
                step ->
                    noted.getOrDefault(
                        step.name(),
                        new Step(step.name(), State.NEVER, null, null, null, null, null)))
            .toList());
  }

  private Instant due(Instant begunAt, Instant retryAt) {
    return every.isEmpty() || begunAt == null
        ? null
        : retryAt != null ? retryAt : begunAt.plus(every.get());
  }

  private static Step step(Row row) {
    return new Step(
        row.getString("step"),
        State.valueOf(row.getString("state")),
        row.getString("reason"),
        instant(row, "step_begun_at"),
        row.getLong("took_ms"),
        instant(row, "done_at"),
        instant(row, "step_retry_at"));
  }

  private static Instant instant(Row row, String column) {
    OffsetDateTime at = row.getOffsetDateTime(column);
    return at == null ? null : at.toInstant();
  }
}
