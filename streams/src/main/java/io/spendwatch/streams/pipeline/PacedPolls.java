package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When Kafka is polled, and how much one poll takes.
 *
 * <p>The broker answers a fetch with the first record that it has, and each poll sends one: how
 * many records come together, and how many fetches are made, is decided by the pause between polls.
 * It is longer where writing takes longer: what comes meanwhile would only wait here, in more
 * batches. For the thread that reads.
 */
final class PacedPolls {
  private static final Logger LOG = LoggerFactory.getLogger(PacedPolls.class);
  private static final Duration POLL = Duration.ofMillis(100);

  /** The same where all partitions read on: whatever else happens ends the poll by waking it. */
  private static final Duration POLL_AT_REST = Duration.ofMillis(500);

  /** What a poll answers sooner than any broker was there before it. */
  private static final long AT_ONCE_NANOS = 2_000_000;

  /** More than so many from one fetch are a backlog, of which the next poll has more. */
  private static final int BACKLOG_RECORDS = 400;

  /** What is being written is waited for so long at most, since the poll before. */
  private static final long WRITTEN_NANOS = 40_000_000;

  private static final Duration WRITTEN_LOOK = Duration.ofMillis(2);

  /** For the answer to a fetch that has something to answer with. */
  private static final Duration ANSWER = Duration.ofMillis(3);

  private final Duration intervalMin;
  private final BooleanSupplier isWriting;
  private final LogEnds ends;
  private final StopRequest stop;
  private final Timekeeper time;
  private long polledNanos;

  /** Whether there is more than we can take: then only our own room decides when to read on. */
  private boolean isBehind;

  /**
   * @param intervalMin from one poll to the next
   * @param isWriting whether what has been read is still being made durable
   * @param ends which are asked for between polls
   */
  PacedPolls(
      Duration intervalMin,
      BooleanSupplier isWriting,
      LogEnds ends,
      StopRequest stop,
      Timekeeper time) {
    this.intervalMin = intervalMin;
    this.isWriting = isWriting;
    this.ends = ends;
    this.stop = stop;
    this.time = time;
    this.polledNanos = time.nanoTime();
  }

  /**
   * Polls, when it is time to. The client asks for more before it hands over what it has, so what
   * is there at once is of just after the poll before, and all that came since is one answer away.
   * Both are taken, as one.
   */
  List<ConsumerRecords<byte[], byte[]>> poll(
      Consumer<byte[], byte[]> consumer, Assignment assignment) {
    awaitNext();
    long askedNanos = time.nanoTime();
    ConsumerRecords<byte[], byte[]> first = look(consumer, assignment);
    boolean isOld = !intervalMin.isZero() && time.nanoTime() - askedNanos < AT_ONCE_NANOS;
    isBehind = first.count() > BACKLOG_RECORDS || assignment.hasFull();
    if (first.isEmpty() || !isOld || isBehind) {
      return List.of(first);
    }
    try {
      return List.of(first, consumer.poll(ANSWER));
    } catch (WakeupException | TimeoutException | InvalidOffsetException e) {
      // What has been read would not be read again. What lasts, the next poll says once more.
      LOG.trace("The second look has to be left out", e);
      return List.of(first);
    }
  }

  private ConsumerRecords<byte[], byte[]> look(
      Consumer<byte[], byte[]> consumer, Assignment assignment) {
    try {
      boolean isAtRest = assignment.isReading() && !ends.isDueWithin(POLL_AT_REST);
      return consumer.poll(isAtRest ? POLL_AT_REST : POLL);
    } catch (WakeupException e) {
      // Somebody has something for the rest of this step.
      return ConsumerRecords.empty();
    } catch (InvalidOffsetException e) {
      // Retention has overtaken us, or the log was cut back. What has been read is still assessed.
      assignment.finish(consumer, e.partitions());
      return ConsumerRecords.empty();
    }
  }

  private void awaitNext() {
    long pauseNanos = polledNanos + intervalMin.toNanos() - time.nanoTime();
    if (pauseNanos > 0) {
      stop.await(Duration.ofNanos(pauseNanos));
      while (!isBehind
          && !stop.isMade()
          && isWriting.getAsBoolean()
          && time.nanoTime() - polledNanos < WRITTEN_NANOS) {
        stop.await(WRITTEN_LOOK);
      }
    }
    polledNanos = time.nanoTime();
  }
}
