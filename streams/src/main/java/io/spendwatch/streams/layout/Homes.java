package io.spendwatch.streams.layout;

import io.spendwatch.protocol.Partitioner;
import io.spendwatch.streams.ledger.TopicLayout;
import io.spendwatch.streams.ledger.TopicLayout.Growth;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Where the records that are read from one partition belong, under one layout. Immutable. */
public final class Homes {

  /** What is to be done with a record. */
  public enum Place {
    /** It belongs here. */
    HERE,
    /** It will belong here once the growth that is under way is in force: it waits. */
    NOT_YET,
    /** It belonged here before a growth: it is passed on to where it belongs now. */
    MOVED,
    /** It belongs elsewhere, and always did. */
    STRAY
  }

  private final Partitioner partitioner;
  private final TopicLayout layout;
  private final int partition;

  public Homes(Partitioner partitioner, TopicLayout layout, int partition) {
    this.partitioner = partitioner;
    this.layout = layout;
    this.partition = partition;
  }

  /** Whether users are at home in this partition at all, under the layout in force. */
  public boolean isInForce() {
    return partition < layout.partitions();
  }

  /** Whether a topic with so many partitions has none that this layout knows nothing of. */
  public boolean knowsAll(int partitions) {
    return partitions <= layout.growth().map(Growth::partitions).orElse(layout.partitions());
  }

  /** Whether the user is at home in this partition. */
  public boolean isHere(String userId) {
    return partitioner.partitionOf(userId, layout.partitions()) == partition;
  }

  /** Of the key. */
  public int home(byte[] key) {
    return partitioner.partitionOf(key, layout.partitions());
  }

  /** A record whose key is none is bad, wherever it is: it counts as at home. */
  public Place place(ConsumerRecord<byte[], byte[]> record) {
    byte[] key = record.key();
    if (key == null || home(key) == partition) {
      return Place.HERE;
    }
    if (layout.growth().isPresent()
        && partitioner.partitionOf(key, layout.growth().get().partitions()) == partition) {
      return Place.NOT_YET;
    }
    return layout.former().stream().anyMatch(c -> partitioner.partitionOf(key, c) == partition)
        ? Place.MOVED
        : Place.STRAY;
  }

  /**
   * How many of the records, from the first on, are to be taken before the growth that is under way
   * is in force.
   */
  public int taken(List<ConsumerRecord<byte[], byte[]>> records) {
    if (!isInForce()) {
      return 0;
    }
    if (layout.growth().isEmpty()) {
      return records.size();
    }
    Growth growth = layout.growth().get();
    for (int i = 0; i < records.size(); i++) {
      if (records.get(i).offset() >= growth.marks().get(partition)
          || place(records.get(i)) == Place.NOT_YET) {
        return i;
      }
    }
    return records.size();
  }

  /** For people: why a record is a stray. */
  public String wrongPartition(byte[] key) {
    int home = home(key);
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "its key belongs to partition %d of %d by the partitioner %s, not to %d",
                home,
                layout.partitions(),
                partitioner.settingName(),
                partition));
    for (Partitioner other : Partitioner.values()) {
      if (other != partitioner && other.partitionOf(key, layout.partitions()) == partition) {
        text.append(
            String.format(
                Locale.ROOT,
                ": it is where a producer with %s puts it; see the setting spendwatch.kafka.partitioner",
                other.settingName()));
        return text.toString();
      }
    }
    return text.append(
            "; the producer has a partitioner of its own, or wrote to a partition that it chose")
        .toString();
  }
}
