package io.spendwatch.ops.rounds;

import io.spendwatch.ops.status.RoundsStatus.State;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowIterator;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Whose turn it is, and what became of the steps: what that promises is in
 * V0091__archive_rounds.sql. Times are the server's. Thread-safe; the thread that takes a turn
 * waits for its statements.
 */
final class RoundsTable {
  private static final String TAKE = load("take_turn");
  private static final String RENEW = load("renew_turn");
  private static final String BEGIN = load("begin_step");
  private static final String END = load("end_step");
  private static final String HOLD = load("hold_step");
  private static final String GIVE = load("end_turn");

  private final Statements database;

  /**
   * @param database may note rounds
   */
  RoundsTable(Statements database) {
    this.database = database;
  }

  /**
   * A turn that was given.
   *
   * @param leftOpen whether somebody has not come back from the one before
   */
  record Taken(long fence, boolean leftOpen) {}

  /**
   * Takes the turn.
   *
   * @param held for how long, unless it is renewed
   * @param every only if a round is due, which are so far apart; empty: in any case
   * @return empty where it is not to be had, or not due
   */
  Optional<Taken> take(String holder, Duration held, Optional<Duration> every) {
    RowIterator<Row> rows =
        new Session(database)
            .query(TAKE, holder, ms(held), every.map(RoundsTable::ms).orElse(null))
            .iterator();
    if (!rows.hasNext()) {
      return Optional.empty();
    }
    Row row = rows.next();
    return Optional.of(new Taken(row.getLong(0), row.getBoolean(1)));
  }

  /** Whether the turn goes on; false where it was lost. Blocks nobody. */
  CompletionStage<Boolean> renew(long fence, Duration held) {
    return database.execute(RENEW, Tuple.of(fence, ms(held))).thenApply(rows -> rows.size() > 0);
  }

  /** What may be noted with this fence. */
  RoundTurn turn(long fence) {
    return new RoundTurn() {
      @Override
      public int begin(RoundStep step) {
        return noted(BEGIN, fence, step.name()).iterator().next().getInteger(0);
      }

      @Override
      public void end(RoundStep step, State state, String reason, Optional<Duration> again) {
        RowSet<Row> _ =
            noted(
                END,
                fence,
                step.name(),
                state.name(),
                text(reason),
                again.map(RoundsTable::ms).orElse(null));
      }

      @Override
      public void hold(RoundStep step, String reason, Duration again) {
        RowSet<Row> _ = noted(HOLD, fence, step.name(), text(reason), ms(again));
      }

      @Override
      public void give(Optional<Duration> again) {
        RowSet<Row> _ = noted(GIVE, fence, again.map(RoundsTable::ms).orElse(null));
      }
    };
  }

  private RowSet<Row> noted(String sql, Object... parameters) {
    RowSet<Row> rows = new Session(database).query(sql, parameters);
    if (rows.size() == 0) {
      throw new RoundTurn.LostException();
    }
    return rows;
  }

  /** What a store says may be anything. */
  private static String text(String reason) {
    return reason.replace('\0', '?');
  }

  private static double ms(Duration duration) {
    return (double) duration.toMillis();
  }

  private static String load(String file) {
    return SqlText.load(RoundsTable.class, file);
  }
}
