package io.spendwatch.ops.capture.walk;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.MisfitException;
import io.spendwatch.ops.capture.source.BusinessDatabase;
import io.spendwatch.ops.capture.warehouse.WarehouseAwayException;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.capture.expression.ColumnGoneException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.connect.errors.ConnectException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a capture going: a {@link CaptureSession} after the other, with pauses, until it is told to
 * end or somebody must act. A server that is away is waited for.
 */
public final class Capture {
  private static final Logger LOG = LoggerFactory.getLogger(Capture.class);

  /** Of MariaDB: wrong login, no right to the database, no such database. */
  private static final Set<Integer> REFUSALS = Set.of(1044, 1045, 1049, 1698);

  private final CaptureConfig config;
  private final BusinessDatabase database;
  private final Timekeeper time;
  private final CaptureProgress progress = new CaptureProgress();
  private final AtomicBoolean toldToEnd = new AtomicBoolean();
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  public Capture(CaptureConfig config, Timekeeper time) {
    this.config = config;
    this.time = time;
    this.database = BusinessDatabase.of(config.source());
  }

  public CaptureProgress progress() {
    return progress;
  }

  /** Tells it to end, in order. Any thread. */
  public void end() {
    toldToEnd.set(true);
    boolean _ = end.complete(null);
  }

  /**
   * Captures until told to end. Blocks.
   *
   * @param snapshot whether to send all rows first, whatever was captured before
   * @throws OperatorException if somebody must act
   * @throws MisfitException if mapping and database do not fit
   */
  public void run(boolean snapshot) throws InterruptedException {
    var begun = new AtomicBoolean();
    boolean snapshotIsDue = snapshot;
    String lastFailure = "";
    for (int failures = 0; !toldToEnd.get(); ) {
      begun.set(false);
      try {
        new CaptureSession(config, database, time, progress, toldToEnd::get)
            .run(snapshotIsDue, () -> begun(begun));
      } catch (OperatorException | MisfitException | InterruptedException e) {
        throw e;
      } catch (ColumnGoneException e) {
        throw new OperatorException(e.getMessage(), e);
      } catch (Exception e) {
        requireRetriable(e);
        failures = begun.get() ? 1 : failures + 1;
        // Once one is begun, that is kept where the position is.
        snapshotIsDue = snapshotIsDue && !begun.get();
        String what = rootMessage(e);
        if (failures == 1 || !what.equals(lastFailure)) {
          LOG.atWarn().addKeyValue("waitingFor", what).log("Waits");
          LOG.debug("The session has failed", e);
        }
        lastFailure = what;
        progress.waits(what, time.millis());
        Duration pause = Duration.ofMillis(config.retry().delayMs(failures, time.random()));
        boolean _ = time.await(end, pause);
      }
    }
  }

  /**
   * Checks the mapping against the database. Blocks.
   *
   * @throws OperatorException if the database does not answer
   * @throws MisfitException if mapping and database do not fit
   */
  public void requireFit() {
    try {
      new CaptureSession(config, database, time, progress, toldToEnd::get).requireFit();
    } catch (SQLException e) {
      throw new OperatorException(config.source() + ": " + e.getMessage(), e);
    } catch (WarehouseAwayException e) {
      throw new OperatorException(e.getMessage(), e);
    }
  }

  private void begun(AtomicBoolean begun) {
    begun.set(true);
    progress.begun();
    LOG.atInfo().addKeyValue("source", config.source()).log("Captures");
  }

  /** What no waiting mends is for people to mend. */
  private void requireRetriable(Exception failure) throws InterruptedException {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof InterruptException) {
        throw new InterruptedException();
      }
      if (cause instanceof AuthenticationException || cause instanceof AuthorizationException) {
        throw new OperatorException(
            "Kafka at " + config.kafka().bootstrapServers() + " refuses us: " + cause.getMessage(),
            failure);
      }
      String said = String.valueOf(cause.getMessage());
      if (cause instanceof ConnectException && said.contains("convert data value")) {
        throw new OperatorException(
            config.source() + " has a value that no type holds: " + said, failure);
      }
      if (cause instanceof SQLException refused && isRefusal(refused)) {
        throw new OperatorException(
            config.source() + " refuses us: " + cause.getMessage(), failure);
      }
    }
  }

  private static boolean isRefusal(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    // Login, database, privileges.
    return state.startsWith("28")
        || state.startsWith("3D")
        || state.equals("42501")
        || REFUSALS.contains(e.getErrorCode());
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }
}
