package io.spendwatch.ops.bench;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.process.GuardedProcess;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.TopicPartition;

/**
 * How far a node has come with what an injector produces. For one thread, which it blocks.
 *
 * @param offsets that it commits
 * @param node that consumes
 * @param injector what produces
 * @param catchUpMax how long the node may take for what has been produced
 */
record Ingestion(
    CommittedOffsets offsets, GuardedProcess node, Injector injector, Duration catchUpMax) {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Transactions a second that were ingested, from the first to the last offset committed. */
  double steady(int perSecond, Duration time) {
    long times = perSecond * time.toSeconds();
    long startNanos = System.nanoTime();
    OpenLoop.start("injector", perSecond, times, injector::send).join();
    return ingested(times, startNanos);
  }

  /** The same for as many as can be produced at once. */
  double burst(long transactions) {
    long startNanos = System.nanoTime();
    for (long i = 0; i < transactions; i++) {
      injector.send(System.nanoTime());
    }
    return ingested(transactions, startNanos);
  }

  private double ingested(long transactions, long startNanos) {
    injector.flush();
    Map<TopicPartition, Long> ends = offsets.ends();
    long deadlineNanos = System.nanoTime() + catchUpMax.toNanos();
    while (System.nanoTime() < deadlineNanos) {
      if (offsets.behind(ends) == 0) {
        return transactions / ((System.nanoTime() - startNanos) / 1e9);
      }
      if (!node.isRunning()) {
        throw new OperatorException(node.lastWords());
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    throw new OperatorException("the node has not caught up within " + catchUpMax);
  }
}
