package io.spendwatch.ops.audit.source;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.PostgresConfig;
import java.io.File;
import java.time.Duration;
import java.util.Optional;

/**
 * Holds the rows of a business database against what is stored of them. What reads such a database
 * is on no node's class path: a {@link java.util.ServiceLoader} finds it where it is.
 */
public interface SourceAudit {

  /**
   * Compares both as they are now. Blocks.
   *
   * @param capture the settings of the capture of that database
   * @param ours how ours is reached
   * @param retention how long rows are kept here; empty for ever
   * @throws OperatorException if it cannot be done: why
   */
  SourceReport run(File capture, PostgresConfig ours, Optional<Duration> retention, Timekeeper time)
      throws InterruptedException;

  /**
   * Whether the settings say of any table what it is to us: then {@link #run} has something to
   * compare.
   *
   * @throws OperatorException if they are wrong
   */
  boolean isMapped(File capture);

  /**
   * Compares the tables that are captured into a warehouse with those there, as they are now.
   * Blocks.
   *
   * @throws OperatorException if it cannot be done: why
   */
  WarehouseReport runWarehouse(File capture, Timekeeper time) throws InterruptedException;
}
