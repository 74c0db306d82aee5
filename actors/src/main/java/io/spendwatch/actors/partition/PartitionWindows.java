package io.spendwatch.actors.partition;

import io.spendwatch.actors.ClusterMessage;
import io.spendwatch.actors.exposure.UserWindow;
import java.util.Comparator;
import java.util.List;

/**
 * What a partition's awake users hold in memory, at an instant when all of it was durable: every
 * record up to {@code lastOffset} is assessed and in the tables, and none after it is assessed.
 * Users may know of rows beyond it all the same, where an earlier life of the pipeline has written
 * them and they are read a second time.
 *
 * @param consumed false where the partition has no actor where it was asked for; the rest is then
 *     empty
 * @param lastOffset of the last record assessed; −1 where this life of the pipeline has assessed
 *     none
 * @param streamTimeMs highest event time that the partition has seen; {@link Long#MIN_VALUE} before
 *     any
 * @param users in the order of their ids
 * @param more whether further users are awake after the last one
 */
public record PartitionWindows(
    int partition,
    boolean consumed,
    long lastOffset,
    long streamTimeMs,
    List<UserWindow> users,
    boolean more)
    implements ClusterMessage {

  /** The same with these users, whom it puts in order. */
  PartitionWindows with(List<UserWindow> windows) {
    List<UserWindow> ordered =
        windows.stream().sorted(Comparator.comparing(UserWindow::userId)).toList();
    return new PartitionWindows(partition, consumed, lastOffset, streamTimeMs, ordered, more);
  }

  public static PartitionWindows notConsumed(int partition) {
    return new PartitionWindows(partition, false, -1, Long.MIN_VALUE, List.of(), false);
  }
}
