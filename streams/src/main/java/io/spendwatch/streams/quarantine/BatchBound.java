package io.spendwatch.streams.quarantine;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Bounds batches in rows and in bytes at once: each record costs its bytes, but at least its share
 * of a full batch of rows, so whoever keeps the sum of costs within {@link #costMax()} keeps both
 * bounds.
 */
public final class BatchBound {
  private final long rowCost;
  private final long costMax;
  private final Suspects suspects;

  /**
   * Both bounds inclusive; {@code bytesMax >= rowsMax}.
   *
   * @param suspects are batches of their own
   */
  public BatchBound(int rowsMax, int bytesMax, Suspects suspects) {
    this.suspects = suspects;
    this.rowCost = bytesMax / rowsMax;
    this.costMax = rowCost * rowsMax;
  }

  public long costMax() {
    return costMax;
  }

  /** Whether a batch of this cost takes no further record. */
  public boolean isReachedBy(long cost) {
    return cost + rowCost > costMax;
  }

  /** The cost of one record. */
  long cost(ConsumerRecord<byte[], byte[]> record) {
    if (suspects.contains(record.offset())) {
      return costMax;
    }
    // A missing key or value has size -1.
    return Math.max(rowCost, record.serializedKeySize() + record.serializedValueSize());
  }

  /**
   * Cuts what one poll returned into batches within the bounds, in order. A single record beyond
   * them is a batch of its own.
   */
  public List<List<ConsumerRecord<byte[], byte[]>>> split(
      List<ConsumerRecord<byte[], byte[]>> polled) {
    List<List<ConsumerRecord<byte[], byte[]>>> batches = new ArrayList<>();
    int from = 0;
    long cost = 0;
    for (int i = 0; i < polled.size(); i++) {
      long recordCost = cost(polled.get(i));
      if (i > from && cost + recordCost > costMax) {
        batches.add(polled.subList(from, i));
        from = i;
        cost = 0;
      }
      cost += recordCost;
    }
    if (from < polled.size()) {
      batches.add(polled.subList(from, polled.size()));
    }
    return batches;
  }
}
