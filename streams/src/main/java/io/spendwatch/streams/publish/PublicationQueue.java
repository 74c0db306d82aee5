package io.spendwatch.streams.publish;

import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.common.TopicPartition;
import org.apache.pekko.Done;

/**
 * What a publisher has been asked for, until it is known how it came out: what is to be tried
 * again, what was put off until it is durable, and behind these what has come since. Who is {@link
 * HeldBack} waits there.
 *
 * <p>Anybody may ask; what goes into the next transaction, and what comes of it, is the publisher's
 * thread's alone to say.
 */
final class PublicationQueue {
  /** A transaction must be over well within transaction-timeout, or the broker aborts it. */
  static final int GROUP_PUBLICATIONS_MAX = 1000;

  private static final long GROUP_BYTES_MAX = 8 << 20;

  /** Where nobody waits: whatever is to be done wakes the thread, this is for looks at topics. */
  private static final long IDLE_CHECK_NANOS = 1_000_000_000;

  /** Where somebody waits for a topic, or for a row. */
  private static final long BUSY_CHECK_NANOS = 10_000_000;

  private final Duration commitInterval;
  private final Timekeeper time;

  /**
   * Unbounded as such; each pipeline bounds its own share by unpublished-batches-max. An empty
   * element only wakes the thread.
   */
  private final BlockingQueue<Optional<Publication>> queue = new LinkedBlockingQueue<>();

  private final Map<TopicPartition, Integer> open = new ConcurrentHashMap<>();
  private final CompletableFuture<Done> closing = new CompletableFuture<>();

  // Of the thread.
  private List<Publication> again = List.of();

  /** Those that were not durable in time, in their order; nothing overtakes them. */
  private final List<Publication> undurable = new ArrayList<>();

  /**
   * @param commitInterval for how long those that are not urgent wait for company
   */
  PublicationQueue(Duration commitInterval, Timekeeper time) {
    this.commitInterval = commitInterval;
    this.time = time;
  }

  /** Asks for it, behind all that was asked for before. */
  CompletionStage<Done> add(Publication publication) {
    open.merge(publication.source(), 1, Integer::sum);
    queue.add(Optional.of(publication));
    return publication.done();
  }

  /** Whether something of this partition is not over, one way or the other. */
  boolean isBusyWith(TopicPartition source) {
    return open.containsKey(source);
  }

  /** Nothing more will be asked for: what there is waits for no company. */
  void close() {
    closing.complete(Done.done());
    queue.add(Optional.empty());
  }

  /** Completes when it is closed. */
  CompletableFuture<Done> closing() {
    return closing;
  }

  /** Whether nothing is left here to be published. */
  boolean isEmpty() {
    return queue.isEmpty() && again.isEmpty() && undurable.isEmpty();
  }

  /** Whether somebody waits for the transaction that is under way to be over. */
  boolean isWaitedFor() {
    return closing.isDone() || !queue.isEmpty();
  }

  /** Whether something comes before whatever else is published. */
  boolean hasToTryAgain() {
    return !again.isEmpty();
  }

  /** These come first, next time. */
  void tryAgain(List<Publication> unpublished) {
    again = unpublished;
  }

  /** These come once they are durable. */
  void putOff(List<Publication> notDurable) {
    undurable.addAll(notDurable);
  }

  /**
   * What goes into the next transaction; empty where there is nothing for a while.
   *
   * @param isSomebodyHeld whether somebody waits elsewhere, so that it must not take long
   */
  List<Publication> gather(boolean isSomebodyHeld) throws InterruptedException {
    List<Publication> gathered = new ArrayList<>(again);
    int before = again.size();
    again = List.of();
    if (gathered.isEmpty()) {
      boolean isBusy = !undurable.isEmpty() || isSomebodyHeld;
      Optional<Publication> first = time.poll(queue, isBusy ? BUSY_CHECK_NANOS : IDLE_CHECK_NANOS);
      if (first != null) {
        first.ifPresent(gathered::add);
      }
    }
    gatherMore(gathered);
    // Behind what was asked for before it, and before what was asked for after it: of a partition
    // nothing is until it is durable, so this is looked at last.
    gathered.addAll(before, takeDurable());
    return gathered;
  }

  /** Of those that were put off, those for which nothing is waited for any more. */
  private List<Publication> takeDurable() {
    List<Publication> durable =
        undurable.stream().filter(each -> each.isDurable() || each.isOver()).toList();
    undurable.removeAll(durable);
    return durable;
  }

  private void gatherMore(List<Publication> gathered) throws InterruptedException {
    if (gathered.isEmpty()) {
      return;
    }
    long dueNanos = gathered.getFirst().sinceNanos() + commitInterval.toNanos();
    long bytes = gathered.stream().mapToLong(Publication::bytes).sum();
    boolean urgent = closing.isDone() || gathered.stream().anyMatch(Publication::isUrgent);
    while (gathered.size() < GROUP_PUBLICATIONS_MAX && bytes < GROUP_BYTES_MAX) {
      long waitNanos = urgent ? 0 : dueNanos - time.nanoTime();
      Optional<Publication> next = time.poll(queue, waitNanos);
      if (next == null) {
        break;
      }
      next.ifPresent(gathered::add);
      bytes += next.map(Publication::bytes).orElse(0L);
      urgent |= closing.isDone() || next.map(Publication::isUrgent).orElse(false);
    }
  }

  /** Takes out all that is left. */
  List<Publication> removeAll() {
    List<Publication> rest = new ArrayList<>(again);
    rest.addAll(undurable);
    again = List.of();
    undurable.clear();
    List<Optional<Publication>> queued = new ArrayList<>();
    queue.drainTo(queued);
    queued.forEach(each -> each.ifPresent(rest::add));
    return rest;
  }

  /** It is published. */
  void finish(Publication publication) {
    over(publication);
    publication.done().complete(Done.done());
  }

  /** It is not, and will not be. */
  void fail(Publication publication, Throwable cause) {
    over(publication);
    publication.done().completeExceptionally(cause);
  }

  private void over(Publication publication) {
    open.computeIfPresent(publication.life().source(), (_, n) -> n == 1 ? null : n - 1);
  }
}
