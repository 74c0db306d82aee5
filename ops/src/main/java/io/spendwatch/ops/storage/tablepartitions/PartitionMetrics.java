package io.spendwatch.ops.storage.tablepartitions;

import java.time.Duration;

/** Told of each look after the partitions. Must not block or throw. */
public interface PartitionMetrics {
  /** Of a process that has none. */
  PartitionMetrics NONE =
      new PartitionMetrics() {
        @Override
        public void kept(PartitionMaintenance.Report report, Duration took) {
          // Nobody asks.
        }

        @Override
        public void merged(PartitionMaintenance.Merged merged, Duration took) {
          // Nobody asks.
        }

        @Override
        public void failed(Duration took) {
          // Nobody asks.
        }
      };

  /**
   * A look that went well.
   *
   * @param report what it found and did
   */
  void kept(PartitionMaintenance.Report report, Duration took);

  /**
   * Merging that went well and had something to do.
   *
   * @param merged what was done
   */
  void merged(PartitionMaintenance.Merged merged, Duration took);

  /** A look, or merging, that ended early; the next one goes on from there. */
  void failed(Duration took);
}
