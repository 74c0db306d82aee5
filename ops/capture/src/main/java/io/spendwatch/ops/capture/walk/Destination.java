package io.spendwatch.ops.capture.walk;

import io.spendwatch.ops.capture.config.Position;
import io.spendwatch.ops.capture.warehouse.WarehouseAwayException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Where one walk along the log takes what it reads, and where its place is kept: only when all that
 * comes before it is safe there. For one thread; methods block, and what a server that is away
 * makes its client say is to be tried again, by another walk with a destination of its own.
 */
interface Destination extends AutoCloseable {

  /**
   * Connects, and makes what is missing for keeping a place.
   *
   * @throws io.spendwatch.errors.OperatorException if somebody must act
   */
  void open() throws Exception;

  /**
   * What of the settings does not fit the business database or this, each in one line. Also before
   * {@link #open}.
   */
  List<String> misfits() throws SQLException, WarehouseAwayException;

  /** The place that is kept. */
  Position position() throws Exception;

  /**
   * What the settings ask for now, and rows of before a place would lack; as people read it.
   *
   * @param kept what {@link Position.InLog#tables} says
   */
  Set<String> addedSince(Set<String> kept);

  /** Says that a snapshot is begun: until it is done, the next walk begins it anew. */
  void beginSnapshot() throws Exception;

  /** Settings of the task that reads the log, beside those of all. */
  Map<String, String> settings() throws SQLException;

  /** Takes up from a place. */
  void begin(Position from) throws Exception;

  /**
   * Takes a record of the log.
   *
   * @param isPlace whether reading on from its offset gives exactly what comes after it
   */
  void take(SourceRecord record, boolean isPlace) throws Exception;

  /** All that was read at once is taken, or there was nothing; told again and again. */
  void pause() throws Exception;

  /** Nothing more comes: sees to it that all that was taken is safe. */
  void finish() throws Exception;

  /** The last place that was kept since this was asked, up to which the log may be cleared. */
  Optional<SourceRecord> takeKept();

  /** What is not safe yet is left to the next walk. */
  @Override
  void close();
}
