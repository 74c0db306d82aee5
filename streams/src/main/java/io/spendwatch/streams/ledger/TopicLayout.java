package io.spendwatch.streams.ledger;

import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * By how many partitions of the transactions topic users have their homes, whatever Kafka has by
 * now: table {@code topic_layout}. Immutable.
 *
 * @param version grows with every change
 * @param partitions in force
 * @param former counts that were in force before, oldest first
 * @param growth that is under way
 */
public record TopicLayout(
    long version, int partitions, List<Integer> former, Optional<Growth> growth) {

  /**
   * A growth that is under way.
   *
   * @param partitions that will be in force
   * @param marks for each partition in force, from 0: the offset up to which they stay in force in
   *     any case
   */
  public record Growth(int partitions, List<Long> marks) {
    public Growth {
      marks = List.copyOf(marks);
    }
  }

  public TopicLayout {
    former = List.copyOf(former);
  }

  /**
   * The same, with a growth that is under way waiting for the partition to be assessed up to this
   * offset at least: what an earlier life has written there is part of what came before, though it
   * may have gone on beyond the mark before it heard of the growth.
   */
  public TopicLayout assessedUpTo(int partition, long offset) {
    if (growth.isEmpty() || partition >= partitions) {
      return this;
    }
    List<Long> marks = new ArrayList<>(growth.get().marks());
    marks.set(partition, Math.max(marks.get(partition), offset));
    return new TopicLayout(
        version, partitions, former, Optional.of(new Growth(growth.get().partitions(), marks)));
  }

  /** From five columns of a row, beginning with {@code first}. */
  static TopicLayout of(Row row, int first) {
    Integer growingTo = row.getInteger(first + 3);
    return new TopicLayout(
        row.getLong(first),
        row.getInteger(first + 1),
        List.of(row.getArrayOfIntegers(first + 2)),
        growingTo == null
            ? Optional.empty()
            : Optional.of(new Growth(growingTo, List.of(row.getArrayOfLongs(first + 4)))));
  }
}
