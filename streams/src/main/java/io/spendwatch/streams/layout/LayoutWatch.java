package io.spendwatch.streams.layout;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.TransactionsTopic;
import io.spendwatch.streams.ledger.Layouts;
import io.spendwatch.streams.ledger.TopicLayout;
import io.spendwatch.streams.ledger.TopicLayout.Growth;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that the layout of the transactions topic follows its partitions: every node looks at
 * both, again and again, and whichever sees first that a step of a growth can be made makes it.
 *
 * <pre>
 *   settled ──Kafka has more partitions: begin──▶ growing ──all stand still: finish──▶ settled
 * </pre>
 *
 * <p>A life works under the layout that it has claimed, and only the claim and the write's epoch
 * make that safe. This only tells the consumer's loop which lives are outdated. Runs on a thread of
 * its own; what it answers is for any thread.
 */
public final class LayoutWatch {
  private static final Logger LOG = LoggerFactory.getLogger(LayoutWatch.class);

  /** For one answer of Kafka or PostgreSQL; then it is asked again. */
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final String topicName;
  private final TransactionsTopic topic;
  private final Layouts layouts;
  private final Duration interval;
  private final Timekeeper time;
  private final Runnable onChange;
  private final AtomicReference<@Nullable TopicLayout> latest = new AtomicReference<>();
  private final CompletableFuture<Done> stop = new CompletableFuture<>();
  private volatile @Nullable String waitingFor;

  /**
   * @param interval between two looks
   * @param onChange called when there is another layout; by any thread, must not block
   */
  public LayoutWatch(
      String topicName,
      TransactionsTopic topic,
      Layouts layouts,
      Duration interval,
      Timekeeper time,
      Runnable onChange) {
    this.topicName = topicName;
    this.topic = topic;
    this.layouts = layouts;
    this.interval = interval;
    this.time = time;
    this.onChange = onChange;
  }

  public void start() {
    time.startThread("spendwatch-layout", this::run);
  }

  public void stop() {
    stop.complete(Done.done());
    topic.close();
  }

  /** The newest layout that this node has seen; empty before any. */
  public Optional<TopicLayout> layout() {
    return Optional.ofNullable(latest.get());
  }

  /** Whether a life that works under this version has been overtaken. */
  public boolean isOutdated(long version) {
    TopicLayout newest = latest.get();
    return newest != null && version < newest.version();
  }

  /** What the topic as a whole waits for, for people; empty while nothing. */
  public Optional<String> waitingFor() {
    return Optional.ofNullable(waitingFor);
  }

  /** Somebody has seen this layout in force. */
  public void seen(TopicLayout layout) {
    TopicLayout before =
        latest.getAndUpdate(
            known -> known == null || known.version() < layout.version() ? layout : known);
    if (before == null || before.version() < layout.version()) {
      onChange.run();
    }
  }

  /** How many partitions Kafka has by now, asked anew. */
  public CompletionStage<Integer> partitions() {
    return topic.partitions();
  }

  private void run() {
    try {
      while (!stop.isDone()) {
        try {
          look();
        } catch (CompletionException | NoAnswer e) {
          // Who needs Kafka or PostgreSQL to go on says so.
          LOG.debug("The layout of topic {} is looked at again", topicName, e);
        }
        boolean _ = time.await(stop, interval);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class NoAnswer extends RuntimeException {
    private static final long serialVersionUID = 1;

    NoAnswer() {
      super("no answer within " + ANSWER.toSeconds() + " s", null, false, false);
    }
  }

  private <T> T answer(CompletionStage<T> asked) throws InterruptedException {
    CompletableFuture<T> future = asked.toCompletableFuture();
    if (!time.await(future, ANSWER)) {
      throw new NoAnswer();
    }
    return future.join();
  }

  private void look() throws InterruptedException {
    Optional<Layouts.InForce> read = answer(layouts.read());
    if (read.isEmpty()) {
      // The first claim makes one.
      return;
    }
    TopicLayout layout = read.get().layout();
    seen(layout);
    if (layout.growth().isPresent()) {
      goOn(layout, layout.growth().get(), read.get().awaited());
      return;
    }
    int partitions = answer(topic.partitions());
    if (partitions > layout.partitions()) {
      begin(layout, partitions, read.get().announced());
    } else if (partitions < layout.partitions()) {
      waitingFor =
          String.format(
              Locale.ROOT,
              "topic %s has %d partitions, but %d are in force: it may have been made anew; migrate --partitions %d mends that",
              topicName,
              partitions,
              layout.partitions(),
              layout.partitions());
    } else {
      waitingFor = null;
    }
  }

  private void begin(TopicLayout layout, int partitions, int announced)
      throws InterruptedException {
    if (partitions > announced) {
      LOG.error(
          "Topic {} has {} partitions, {} are in force: somebody has added partitions without"
              + " migrate --partitions. Their records wait until all that came before is assessed;"
              + " nothing is lost",
          topicName,
          partitions,
          layout.partitions());
    }
    List<Long> marks = answer(topic.ends(layout.partitions()));
    waitingFor = text(layout.partitions(), partitions, List.of());
    answer(layouts.begin(layout.partitions(), partitions, marks));
    look();
  }

  private void goOn(TopicLayout layout, Growth growth, List<Integer> awaited)
      throws InterruptedException {
    String text = text(layout.partitions(), growth.partitions(), awaited);
    if (waitingFor == null) {
      LOG.info("Topic {}: {}", topicName, text);
    }
    waitingFor = text;
    if (awaited.isEmpty() && answer(layouts.finish(growth.partitions()))) {
      LOG.info("Topic {}: {} partitions are in force now", topicName, growth.partitions());
      waitingFor = null;
      look();
    }
  }

  private static String text(int from, int to, List<Integer> awaited) {
    return String.format(Locale.ROOT, "the topic grows from %d to %d partitions", from, to)
        + (awaited.isEmpty()
            ? ""
            : String.format(
                Locale.ROOT,
                ": waits for partitions %s to be assessed up to where it began",
                awaited));
  }
}
