package io.spendwatch.streams.kafka;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * The transactions topic as the brokers have it at this moment, asked anew each time: what clients
 * keep of it may be minutes old. For any thread; does not block.
 */
public interface TransactionsTopic extends AutoCloseable {
  /** How many partitions it has. */
  CompletionStage<Integer> partitions();

  /** The ends of the first {@code partitions} partitions, as a read_committed reader sees them. */
  CompletionStage<List<Long>> ends(int partitions);

  @Override
  void close();
}
