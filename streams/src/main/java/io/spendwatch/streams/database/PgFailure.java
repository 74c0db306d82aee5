package io.spendwatch.streams.database;

import io.vertx.pgclient.PgException;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.DateTimeException;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Reads what a failed statement means for whoever sent it. */
public final class PgFailure {
  private static final String READ_ONLY_TRANSACTION = "25006";
  private static final String NO_PARTITION_FOR_ROW = "23514";
  private static final String NO_SUCH_ROLE = "22023";
  private static final String NO_PRIVILEGE = "42501";

  /** What the server names as the origin of an error that a trigger raises. */
  private static final String RAISED = "exec_stmt_raise";

  /** All that Vert.x says, whatever the cause. */
  private static final String HANDSHAKE_FAILED = "SSL handshake failed";

  private PgFailure() {}

  /**
   * Whether it lies in what the statement was to write: the server refuses the values, or they
   * cannot even be sent. Repeating it is in vain; without the row at fault the others succeed.
   */
  public static boolean isOfTheData(Throwable failure) {
    if (failure instanceof PgException refused) {
      String state = refused.getSqlState();
      return state.startsWith("22") // not a value of its type, out of its range
          || (state.startsWith("23") && !isMissingPartition(refused)) // against a constraint
          || state.startsWith("54"); // too large, too many
    }
    // What is left comes from this side. A connection that fails does not fail like this.
    return failure instanceof IllegalArgumentException
        || failure instanceof ClassCastException
        || failure instanceof NullPointerException
        || failure instanceof IndexOutOfBoundsException
        || failure instanceof ArithmeticException
        || failure instanceof DateTimeException;
  }

  /**
   * Whether the same statement may succeed later: everything that does not lie in its data. The
   * server is away, overloaded or a standby; or somebody must repair it first, such as a privilege
   * or a table that is missing. No record is to blame for that.
   */
  public static boolean isWorthAnotherTry(Throwable failure) {
    return !isOfTheData(failure);
  }

  /**
   * What a failure to connect means: the server may refuse the role, in words and with codes of its
   * own that elsewhere mean a bad value, or TLS fails.
   *
   * @param distrust why the server's certificate was not trusted; null where it never was refused
   */
  static Throwable ofConnecting(
      Throwable failure, @Nullable CertificateException distrust, PostgresConfig config) {
    if (failure instanceof PgException refused
        && !config.role().isEmpty()
        && (NO_SUCH_ROLE.equals(refused.getSqlState())
            || NO_PRIVILEGE.equals(refused.getSqlState()))
        && refused.getErrorMessage().contains(config.role())) {
      return new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s (run `spendwatch migrate` as a user who may make roles, and GRANT %s to the user of %s.uri; or leave %s.role empty)",
              refused.getErrorMessage(),
              config.role(),
              config.path(),
              config.path()),
          failure);
    }
    return config
        .server()
        .tls()
        .explain(
            HANDSHAKE_FAILED.equals(failure.getMessage()) && distrust != null ? distrust : failure,
            config.setting(),
            config.address())
        .<Throwable>map(why -> new IllegalStateException(why, failure))
        .orElse(failure);
  }

  /** Whether the daily partition that a row needs is not there (any more). */
  public static boolean isMissingPartition(Throwable failure) {
    // The same SQLSTATE as of a check constraint, which would be named, or of a trigger's own
    // check.
    return failure instanceof PgException refused
        && refused.getSqlState().equals(NO_PARTITION_FOR_ROW)
        && refused.getConstraint() == null
        && !RAISED.equals(refused.getRoutine());
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
