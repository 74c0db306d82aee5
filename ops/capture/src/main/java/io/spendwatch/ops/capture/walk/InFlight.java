package io.spendwatch.ops.capture.walk;

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

    private Optional<SourceRecord> place = Optional.empty();
    private BalanceClock.State clock = BalanceClock.State.INITIAL;

    /** Reading may go on after this record, the last so far that this can be said of. */
    void upTo(SourceRecord record) {
      place = Optional.of(record);
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

    /** After which reading may go on; empty where that cannot be said of any of its records. */
    Optional<SourceRecord> place() {
      return place;
    }

    /** As it was after the batch. */
    BalanceClock.State clock() {
      return clock;
    }
  }

  /** All of the batch is on its way. */
  void add(Batch batch, BalanceClock.State clock) {
    batch.clock = clock;
    batch.acknowledged();
    batches.add(batch);
  }

  /**
   * The last batch with a place of those up to which Kafka has everything, which are forgotten.
   * Empty for none.
   */
  Optional<Batch> takeDone() {
    Batch done = null;
    while (!batches.isEmpty() && batches.peek().isDone()) {
      Batch next = batches.poll();
      if (next.place.isPresent()) {
        done = next;
      }
    }
    return Optional.ofNullable(done);
  }
}
