package io.spendwatch.ops.events.sources;

import io.spendwatch.ops.status.NodeStatus.Partition;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How much was done between two looks at all partitions. A partition's counters begin anew with
 * each node that gets it: what it shows then was done since. For one thread at a time.
 */
final class Counters {
  private Map<Source, Partition> before;

  private record Source(String topic, int partition) {}

  /** What was done; of both topics. */
  record Done(long transactions, long alerts, long duplicates, long deadLetters) {}

  /** Since the look before; null for the first one. */
  Done since(List<Partition> now) {
    Map<Source, Partition> last = before;
    before = new HashMap<>();
    long transactions = 0;
    long alerts = 0;
    long duplicates = 0;
    long deadLetters = 0;
    for (Partition partition : now) {
      Source source = new Source(partition.topic(), partition.partition());
      Partition earlier = last == null ? null : last.get(source);
      if (partition.node() == null) {
        // Nobody answers for it: what its node has done meanwhile is counted when it does again.
        if (earlier != null) {
          before.put(source, earlier);
        }
        continue;
      }
      before.put(source, partition);
      Partition base = isContinued(earlier, partition) ? earlier : null;
      transactions += partition.transactions() - (base == null ? 0 : base.transactions());
      alerts += partition.alerts() - (base == null ? 0 : base.alerts());
      duplicates += partition.duplicates() - (base == null ? 0 : base.duplicates());
      deadLetters += partition.deadLetters() - (base == null ? 0 : base.deadLetters());
    }
    return last == null ? null : new Done(transactions, alerts, duplicates, deadLetters);
  }

  private static boolean isContinued(Partition earlier, Partition now) {
    return earlier != null
        && now.node().equals(earlier.node())
        && now.transactions() >= earlier.transactions()
        && now.alerts() >= earlier.alerts()
        && now.duplicates() >= earlier.duplicates()
        && now.deadLetters() >= earlier.deadLetters();
  }
}
