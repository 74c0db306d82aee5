package io.spendwatch.ops.storage.rollups;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.SqlText;
import io.vertx.sqlclient.Row;
import java.time.LocalDate;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Computes what is usual for each user, once for each day of event time, from the roll-ups of the
 * thirty days before: what that is, and what it promises, is in V0090__user_features.sql.
 *
 * <p>A step does a share of the users, in one transaction that also notes how far it is, so a crash
 * at any moment costs a step. One is at work at a time in a database.
 *
 * <p>Thread-safe; blocks the thread that asks for something. Throws {@link OperatorException} where
 * PostgreSQL fails; then that step has not happened.
 */
public final class UserFeatures {
  private static final Logger LOG = LoggerFactory.getLogger(UserFeatures.class);

  /** Of the advisory lock that lets one be at work. */
  private static final long LOCK = 0x5350454E44464541L;

  private static final String FIND_DUE = load("find_due_features");
  private static final String FIND_NEXT = load("find_next_users");
  private static final String DELETE = load("delete_features");
  private static final String INSERT = load("insert_features");
  private static final String NOTE = load("note_features");

  private final Database database;
  private final FeaturesConfig config;
  private final EndedHabits habits;

  /**
   * A share of users that is due.
   *
   * @param oldest day whose features are kept; null for all
   */
  private record Due(LocalDate asOf, String fromUser, LocalDate oldest) {
    static Optional<Due> of(Iterable<Row> rows) {
      Iterator<Row> found = rows.iterator();
      if (!found.hasNext()) {
        return Optional.empty();
      }
      Row row = found.next();
      return Optional.of(
          new Due(
              row.getLocalDate("as_of"), row.getString("from_user"), row.getLocalDate("oldest")));
    }
  }

  /**
   * @param database may write roll-ups
   */
  public UserFeatures(Database database, FeaturesConfig config) {
    this(database, config, EndedHabits.TRANSACTIONS_AT_ONCE);
  }

  UserFeatures(Database database, FeaturesConfig config, int habitsAtOnce) {
    this.database = database;
    this.config = config;
    this.habits = new EndedHabits(habitsAtOnce);
  }

  /**
   * Computes those that are due, share by share, once what they are computed from is counted.
   *
   * @param goesOn asked before each share; the first one is done in any case
   * @return whether nothing is left; false too where another one is at work
   */
  public boolean compute(BooleanSupplier goesOn) {
    Optional<Due> due = due(new Session(database));
    if (due.isEmpty()) {
      return true;
    }
    return Session.pinned(
        database,
        session -> {
          if (!session.one("SELECT pg_try_advisory_lock($1)", LOCK).getBoolean(0)
              || !habits.reach(session, due.get().asOf(), goesOn)) {
            return false;
          }
          do {
            if (!session.inTransaction(() -> step(session))) {
              return true;
            }
          } while (goesOn.getAsBoolean());
          return false;
        });
  }

  /** Whether there was something to do. */
  private boolean step(Session session) {
    Optional<Due> due = due(session);
    due.ifPresent(there -> compute(session, there));
    return due.isPresent();
  }

  private void compute(Session session, Due due) {
    Iterator<Row> next =
        session.query(FIND_NEXT, due.fromUser(), (long) config.usersAtOnce()).iterator();
    String beforeUser = next.hasNext() ? next.next().getString(0) : null;
    session.query(DELETE, due.fromUser(), beforeUser, due.asOf(), due.oldest());
    session.query(INSERT, due.fromUser(), beforeUser, due.asOf());
    session.query(NOTE, due.asOf(), beforeUser);
    if (beforeUser == null) {
      session.query(
          "DELETE FROM spendwatch.user_features_versions WHERE as_of < $1 OR (next_user IS NOT NULL AND as_of < $2)",
          due.oldest(),
          due.asOf());
      LOG.atInfo().addKeyValue("asOf", due.asOf()).log("Computed what is usual for each user");
    }
  }

  private Optional<Due> due(Session session) {
    return Due.of(session.query(FIND_DUE, (double) config.settle().toMillis(), config.daysKept()));
  }

  /**
   * Of when the newest are that everybody has.
   *
   * @return the begin of that day (UTC); empty before there are any
   */
  public Optional<LocalDate> newest() {
    return Optional.ofNullable(
        new Session(database)
            .one("SELECT max(as_of) FROM spendwatch.user_features_versions WHERE next_user IS NULL")
            .getLocalDate(0));
  }

  /**
   * Computes those of the newest day anew, for everybody.
   *
   * @throws OperatorException if they cannot be: the roll-ups are not that far, or there is nothing
   *     to compute them from
   */
  public void rebuild() {
    boolean done =
        Session.pinned(
            database,
            session -> {
              session.query("SELECT pg_advisory_lock($1)", LOCK);
              session.query(
                  "UPDATE spendwatch.user_features_versions SET next_user = '', begun_at = now()"
                      + " WHERE as_of = (SELECT ((max(hour) - $1 * interval '1 ms') AT TIME ZONE 'UTC')::date"
                      + " FROM spendwatch.hourly_spend)",
                  (double) config.settle().toMillis());
              int steps = 0;
              while (session.inTransaction(() -> step(session))) {
                steps++;
              }
              return steps > 0;
            });
    if (!done) {
      throw new OperatorException(
          "user_features cannot be computed now: there are no transactions of a day that has ended, or the"
              + " roll-ups are more than a minute behind or being built (spendwatch rollups says); ask again then");
    }
  }

  private static String load(String file) {
    return SqlText.load(UserFeatures.class, file);
  }
}
