package io.spendwatch.ops.storage.topics;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.protocol.Secrets;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;

/**
 * Tries again for a bounded time while a server is not there, and says once what it waits for. What
 * waiting cannot mend fails at once. Blocks the calling thread.
 */
public final class Waiting {
  private static final Duration PAUSE = Duration.ofMillis(500);

  private final PrintWriter err;
  private final Duration atMost;
  private final Timekeeper time;

  /**
   * Waits for nothing yet.
   *
   * @param err where it says what it waits for
   * @param atMost for each attempt that it is given
   */
  public Waiting(PrintWriter err, Duration atMost, Timekeeper time) {
    this.err = err;
    this.atMost = atMost;
    this.time = time;
  }

  /** Something that needs a server. */
  interface Attempt<T> {
    T run() throws SQLException, ExecutionException, InterruptedException;
  }

  /**
   * Runs the attempt until it succeeds.
   *
   * @param server for people, with its address
   * @throws OperatorException naming the server, when the time is up or the server refuses
   */
  public <T> T until(String server, Attempt<T> attempt) {
    try {
      return tryUntil(server, attempt);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(server, "interrupted", e);
    }
  }

  private <T> T tryUntil(String server, Attempt<T> attempt) throws InterruptedException {
    long deadlineNanos = time.nanoTime() + atMost.toNanos();
    boolean said = false;
    while (true) {
      String reason;
      try {
        return attempt.run();
      } catch (SQLException e) {
        reason = e.getMessage();
        failUnless(isTransient(e), server, reason, e);
      } catch (ExecutionException e) {
        reason = e.getCause().getMessage();
        failUnless(e.getCause() instanceof RetriableException, server, reason, e);
      } catch (KafkaException e) {
        throw failure(server, Retry.root(e).getMessage(), e);
      }
      if (time.nanoTime() >= deadlineNanos) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "%s does not answer after %d s: %s",
                server,
                atMost.toSeconds(),
                reason));
      }
      if (!said) {
        err.println(
            ForeignText.shown(Secrets.masked("Waiting for " + server + " (" + reason + ")")));
        said = true;
      }
      time.pause(PAUSE);
    }
  }

  private static void failUnless(boolean holds, String server, String reason, Exception e) {
    if (!holds) {
      throw failure(server, reason, e);
    }
  }

  private static OperatorException failure(String server, String reason, Exception e) {
    return new OperatorException(server + ": " + reason, e);
  }

  /** No connection, starting or stopping, out of connections, a lock that others hold. */
  private static boolean isTransient(SQLException e) {
    String state = e.getSQLState() == null ? "" : e.getSQLState();
    return state.startsWith("08")
        || state.startsWith("57P")
        || state.startsWith("53")
        || state.startsWith("40")
        || state.equals("55P03");
  }
}
