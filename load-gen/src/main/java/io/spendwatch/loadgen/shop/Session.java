package io.spendwatch.loadgen.shop;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.pace.Ticker;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * One worker's connection, which is opened anew after it was lost; meanwhile it waits for the
 * database. For one thread.
 */
final class Session implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final Duration AWAY_MAX = Duration.ofMinutes(5);

  /** Class 08, and what PostgreSQL says when it ends, or is not up yet, or is full. */
  private static final Set<String> AWAY = Set.of("57P01", "57P02", "57P03", "53300");

  private static final Set<String> CONFLICT = Set.of("40001", "40P01");

  /** MariaDB's time limit of waiting for a lock, which has no state of its own. */
  private static final int LOCK_WAIT_TIMEOUT = 1205;

  private final ShopDatabase database;
  private final Ticker ticker;
  private final PrintStream err;
  private Connection connection;

  /**
   * @param err where it says that the database is away
   */
  Session(ShopDatabase database, Ticker ticker, PrintStream err) {
    this.database = database;
    this.ticker = ticker;
    this.err = err;
  }

  /** What a failure means for the transaction that was open. */
  enum Failure {
    /** The connection is gone, and with it what was not committed. */
    LOST,
    /** The database has undone it for the sake of another one: run it again. */
    CONFLICT,
    /** A statement that is wrong, or not allowed. */
    REFUSED
  }

  /**
   * A connection on which no transaction is open.
   *
   * @param stopped whether to wait no longer
   * @return empty if stopped
   * @throws OperatorException if the database refuses, or stays away for long
   */
  Optional<Connection> connection(BooleanSupplier stopped) {
    long giveUpNanos = ticker.nanoTime() + AWAY_MAX.toNanos();
    boolean said = false;
    while (connection == null && !stopped.getAsBoolean()) {
      try {
        connection = database.connect();
        if (said) {
          err.println("shop: " + database + " is back");
        }
      } catch (SQLException e) {
        if (!isAway(e) || ticker.nanoTime() > giveUpNanos) {
          throw ShopTables.failed(database, e);
        }
        if (!said) {
          said = true;
          err.println("shop: waiting for the " + database + ": " + e.getMessage());
        }
        ticker.sleepUntil(ticker.nanoTime() + PAUSE.toNanos());
      }
    }
    return Optional.ofNullable(connection);
  }

  /** Undoes what is open; where that fails, the connection is given up, which undoes it too. */
  Failure undo(SQLException failure) {
    if (isAway(failure) || isClosed()) {
      close();
      return Failure.LOST;
    }
    try {
      connection.rollback();
    } catch (SQLException e) {
      close();
      return Failure.LOST;
    }
    return CONFLICT.contains(state(failure)) || failure.getErrorCode() == LOCK_WAIT_TIMEOUT
        ? Failure.CONFLICT
        : Failure.REFUSED;
  }

  @Override
  public void close() {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        // It is gone, which is what we want.
      }
      connection = null;
    }
  }

  private boolean isClosed() {
    try {
      return connection.isClosed();
    } catch (SQLException e) {
      return true;
    }
  }

  private static boolean isAway(SQLException failure) {
    return state(failure).startsWith("08") || AWAY.contains(state(failure));
  }

  private static String state(SQLException failure) {
    return failure.getSQLState() == null ? "" : failure.getSQLState();
  }
}
