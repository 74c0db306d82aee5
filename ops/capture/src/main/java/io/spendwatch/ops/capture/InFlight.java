package io.spendwatch.ops.capture;

import io.spendwatch.streams.capture.BalanceClock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Batches on their way to Kafka, in the log's order: up to which of them Kafka has everything. For
 * the one thread that reads the log, but for {@link Batch#acknowledged}.
 */
final class InFlight {
  private final Deque<Batch> batches = new ArrayDeque<>();

  /** What was read from the log at once. */
  static final class Batch {
    /** One more than records that are not acknowledged, while more may be added. */
    private final AtomicInteger waitingFor = new AtomicInteger(1);

    private final SourceRecord last;
    private Optional<BalanceClock.State> clock = Optional.empty();

    Batch(SourceRecord last) {
      this.last = last;
    }

    /** A record of it is on its way. */
    void sent() {
      waitingFor.incrementAndGet();
    }

    /** Kafka has a record of it. Any thread. */
    void acknowledged() {
      waitingFor.decrementAndGet();
    }

    private boolean isDone() {
      return waitingFor.get() == 0;
    }

    /** The last that was read. */
    SourceRecord last() {
      return last;
    }

    /** As it was after the batch; empty where that is too much to be kept. */
    Optional<BalanceClock.State> clock() {
      return clock;
    }
  }

  /** All of the batch is on its way. */
  void add(Batch batch, Optional<BalanceClock.State> clock) {
    batch.clock = clock;
    batch.acknowledged();
    batches.add(batch);
  }

  /** The last batch up to which Kafka has all of them; those are forgotten. Empty for none. */
  Optional<Batch> takeDone() {
    Batch done = null;
    while (!batches.isEmpty() && batches.peek().isDone()) {
      done = batches.poll();
    }
    return Optional.ofNullable(done);
  }

  boolean isEmpty() {
    return batches.isEmpty();
  }
}
