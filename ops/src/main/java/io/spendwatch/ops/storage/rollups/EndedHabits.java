package io.spendwatch.ops.storage.rollups;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.streams.database.SqlText;
import io.vertx.sqlclient.Row;
import java.time.LocalDate;
import java.util.Iterator;
import java.util.function.BooleanSupplier;

/**
 * Counts what users do on a day into {@code daily_habits} once the day has ended: what it promises
 * is in V0123__habits_of_days_that_have_ended.sql.
 *
 * <p>A share is some users of one day, in the order of the table's key, in one transaction that
 * also moves the position; so a crash at any moment costs a share. Meanwhile no step of {@link
 * Rollups} is under way: it would take rows for behind the position that are before it then.
 *
 * <p>Immutable; blocks the thread that asks for something. Throws {@link OperatorException} where
 * PostgreSQL fails; then that share has not been counted.
 */
final class EndedHabits {
  /** Some 0.3 s: the other roll-ups wait for it. */
  static final int TRANSACTIONS_AT_ONCE = 20_000;

  private static final String IS_THERE =
      "SELECT day >= $1::date FROM spendwatch.daily_habits_position";
  private static final String FIND = load("find_ended_habits");
  private static final String DELETE = load("delete_habits");
  private static final String INSERT = load("insert_habits");
  private static final String MOVE = load("move_habits");

  private final int transactionsAtOnce;

  /**
   * @param transactionsAtOnce of a share, about: more, where one user has
   */
  EndedHabits(int transactionsAtOnce) {
    this.transactionsAtOnce = transactionsAtOnce;
  }

  /**
   * Counts all days before this one, share by share.
   *
   * @param session pinned, and in no transaction
   * @param goesOn asked after each share; the first one is done in any case
   * @return whether all of them are there; false too where the roll-ups are at work
   */
  boolean reach(Session session, LocalDate day, BooleanSupplier goesOn) {
    do {
      if (session.one(IS_THERE, day).getBoolean(0)) {
        return true;
      }
      if (!session.one("SELECT pg_try_advisory_lock($1)", Rollups.LOCK).getBoolean(0)) {
        return false;
      }
      // Where it fails the session ends, and with it the lock.
      boolean _ =
          session.inTransaction(
              () -> {
                countShare(session, day);
                return true;
              });
      session.query("SELECT pg_advisory_unlock($1)", Rollups.LOCK);
    } while (goesOn.getAsBoolean());
    return session.one(IS_THERE, day).getBoolean(0);
  }

  /** Counts the next one, or, where there is none, only moves the position. */
  private void countShare(Session session, LocalDate before) {
    Iterator<Row> found = session.query(FIND, before, (long) transactionsAtOnce).iterator();
    if (!found.hasNext()) {
      session.query(MOVE, before, "");
      return;
    }
    Row share = found.next();
    LocalDate day = share.getLocalDate("day");
    String fromUser = share.getString("from_user");
    String beforeUser = share.getString("before_user");
    session.query(DELETE, day, fromUser, beforeUser);
    session.query(INSERT, day, fromUser, beforeUser);
    if (beforeUser == null) {
      session.query(MOVE, day.plusDays(1), "");
    } else {
      session.query(MOVE, day, beforeUser);
    }
  }

  private static String load(String file) {
    return SqlText.load(EndedHabits.class, file);
  }
}
