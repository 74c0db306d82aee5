package io.spendwatch.streams.postgres;

import io.vertx.pgclient.PgException;
import java.io.IOException;
import java.util.concurrent.TimeoutException;

/** Reads what a failed statement means for whoever sent it. */
public final class PgFailure {
  private static final String READ_ONLY_TRANSACTION = "25006";
  private static final String NO_PARTITION_FOR_ROW = "23514";
  private static final String QUERY_CANCELED = "57014";
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  /** Somebody else made the same daily partition at the same time; the repeat finds it. */
  private static final String DUPLICATE_TABLE = "42P07";

  private PgFailure() {}

  /**
   * Whether the same statement may succeed later, with nothing repaired in the statement itself:
   * the server is away, restarting, overloaded, a standby, or cancelled it for its length.
   */
  public static boolean isTransient(Throwable failure) {
    if (failure instanceof PgException refused) {
      String state = refused.getSqlState();
      return state.startsWith("08") // connection
          || state.startsWith("40") // rolled back: deadlock, serialisation
          || state.startsWith("53") // out of resources
          || state.startsWith("57P0") // shut down, crashed, starting up
          || state.equals(QUERY_CANCELED)
          || state.equals(LOCK_NOT_AVAILABLE)
          || state.equals(DUPLICATE_TABLE)
          || state.equals(READ_ONLY_TRANSACTION)
          || state.equals(NO_PARTITION_FOR_ROW);
    }
    // What is left comes from the client: a connection that failed is worth another try, a value
    // that cannot be encoded is not.
    return !(failure instanceof IllegalArgumentException
        || failure instanceof ClassCastException
        || failure instanceof NullPointerException
        || failure instanceof IndexOutOfBoundsException);
  }

  /** Whether the daily partition that a row needs is not there (any more). */
  static boolean isMissingPartition(Throwable failure) {
    return failure instanceof PgException refused
        && refused.getSqlState().equals(NO_PARTITION_FOR_ROW);
  }

  /**
   * Whether the connections themselves have become useless although they look open: a deadline
   * passed without an answer, or the server behind them is no longer the primary.
   */
  static boolean poisonsConnections(Throwable failure) {
    return failure instanceof TimeoutException
        || (failure instanceof PgException refused
            && refused.getSqlState().equals(READ_ONLY_TRANSACTION));
  }

  /** One line for status and log: what, and by whom it must be repaired. */
  public static String describe(Throwable failure) {
    if (failure instanceof PgException refused) {
      return "PostgreSQL: " + refused.getErrorMessage() + " (" + refused.getSqlState() + ")";
    }
    if (failure instanceof IOException || failure.getMessage() != null) {
      return "PostgreSQL: " + failure.getMessage();
    }
    return "PostgreSQL: " + failure.getClass().getSimpleName();
  }
}
