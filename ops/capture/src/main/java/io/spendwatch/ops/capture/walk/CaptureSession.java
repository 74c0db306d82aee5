package io.spendwatch.ops.capture.walk;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.MisfitException;
import io.spendwatch.ops.capture.config.Position;
import io.spendwatch.ops.capture.source.BusinessDatabase;
import io.spendwatch.ops.capture.source.ChangeReader;
import io.spendwatch.ops.capture.source.KeptOffset;
import io.spendwatch.ops.capture.source.SessionSettings;
import io.spendwatch.ops.capture.warehouse.WarehouseAwayException;
import io.spendwatch.streams.base.Timekeeper;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One walk along the log, from the position that is kept until something fails or it is told to
 * end. It keeps nothing in memory that the next one needs: to begin again is what a crash and a new
 * process would do.
 *
 * <pre>
 *   log ─▶ read-changes ─▶ destination: all of it is safe there ─▶ keep-position ─▶ the log may be cleared up to it
 * </pre>
 *
 * <p>While the destination is slow, reading waits for it, and the database keeps its log. Blocks;
 * for one thread.
 */
public final class CaptureSession {
  private static final Logger LOG = LoggerFactory.getLogger(CaptureSession.class);

  private final CaptureConfig config;
  private final BusinessDatabase database;
  private final CaptureProgress progress;
  private final BooleanSupplier toldToEnd;
  private final Destination destination;

  /** Where reading may go on; empty before the first place. */
  private Map<String, ?> lastPlace = Map.of();

  public CaptureSession(
      CaptureConfig config,
      BusinessDatabase database,
      Timekeeper time,
      CaptureProgress progress,
      BooleanSupplier toldToEnd) {
    this.config = config;
    this.database = database;
    this.progress = progress;
    this.toldToEnd = toldToEnd;
    this.destination =
        switch (config.to()) {
          case KAFKA -> new KafkaDestination(config, database, time, progress);
          case WAREHOUSE -> new WarehouseDestination(config, database, time, progress);
        };
  }

  /**
   * Captures until it is told to end.
   *
   * @param snapshot whether to send all rows first, whatever was captured before
   * @param onBegun is told once the log is being read
   * @throws OperatorException if somebody must act
   * @throws MisfitException if mapping and database do not fit
   * @throws Exception what a server that is away makes its client say: to be tried again
   */
  void run(boolean snapshot, Runnable onBegun) throws Exception {
    try (destination) {
      destination.open();
      requireFit();
      Position from = snapshot ? new Position.None() : destination.position();
      begin(from, snapshot);
      walk(from, onBegun);
    } finally {
      progress.sessionEnded();
    }
  }

  /**
   * Checks the mapping against the database, and the warehouse if there is one.
   *
   * @throws MisfitException naming all that does not fit
   */
  void requireFit() throws SQLException, WarehouseAwayException {
    List<String> misfits = destination.misfits();
    if (!misfits.isEmpty()) {
      throw new MisfitException(String.join("; ", misfits));
    }
  }

  /** Where to go on. A snapshot is begun where nothing was captured, or it is asked for: only. */
  private void begin(Position from, boolean snapshotIsAskedFor) throws Exception {
    switch (from) {
      case Position.InLog(Map<String, Object> offset, _, Set<String> tables) -> {
        requireKnown(tables);
        database.requireLog(config, offset);
      }
      case Position.None _ -> beginSnapshot(snapshotIsAskedFor);
      case Position.InSnapshot _ -> beginSnapshot(true);
    }
  }

  /** Of a table that is new in the mapping, rows of before would never be sent. */
  private void requireKnown(Set<String> tables) {
    Set<String> added = destination.addedSince(tables);
    if (!added.isEmpty()) {
      throw new OperatorException(
          "new in the mapping: "
              + String.join(", ", added)
              + ". `capture --snapshot` sends the rows that are there (those of the other tables, sent"
              + " before, count once); or give the new tables a capture of their own, with another"
              + " name");
    }
  }

  private void beginSnapshot(boolean expected) throws Exception {
    database.beginAnew(config, expected);
    destination.beginSnapshot();
    LOG.atInfo()
        .addKeyValue("tables", String.join(",", config.tables()))
        .log("Begins with a snapshot");
  }

  private void walk(Position from, Runnable onBegun) throws Exception {
    Map<String, Object> offset = from instanceof Position.InLog(var place, _, _) ? place : null;
    destination.begin(from);
    lastPlace = offset == null ? Map.of() : offset;
    Map<String, String> settings = new HashMap<>(SessionSettings.of(config, database));
    settings.putAll(destination.settings());
    SourceTask task = database.task();
    task.initialize(new KeptOffset(settings, offset));
    task.start(settings);
    try {
      onBegun.run();
      while (!toldToEnd.getAsBoolean()) {
        List<SourceRecord> records = task.poll();
        if (records != null) {
          for (SourceRecord record : records) {
            take(record);
          }
        }
        destination.pause();
        release(task);
      }
      destination.finish();
      release(task);
    } finally {
      task.stop();
    }
  }

  private void take(SourceRecord record) throws Exception {
    boolean isPlace =
        database.isExact(record.sourceOffset(), !ChangeReader.isChange(record), lastPlace);
    if (isPlace) {
      lastPlace = record.sourceOffset();
    }
    destination.take(record, isPlace);
  }

  /** Tells the server up to where it need not keep its log for us. */
  private void release(SourceTask task) throws InterruptedException {
    Optional<SourceRecord> place = destination.takeKept();
    if (place.isPresent()) {
      task.commitRecord(place.get(), null);
      task.commit();
    }
  }
}
