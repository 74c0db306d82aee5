package io.spendwatch.streams.kafka;

import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What is known of some topics: asked for again and again, never waited for. For any thread. */
public final class TopicWatch {
  /** Far from where differences overflow. */
  private static final long NEVER = Long.MIN_VALUE / 2;

  private final TopicIds topicIds;
  private final Set<String> topics;
  private final Duration interval;
  private final Timekeeper time;
  private final Runnable onAnswer;
  private CompletableFuture<?> asking = CompletableFuture.completedFuture(null);
  private long lastAskedMs = NEVER;
  private volatile Known known = new Known(Map.of(), Long.MIN_VALUE);
  private volatile @Nullable String failure;

  /** The ids by name, as they were at some time after {@code askedMs}. */
  private record Known(Map<String, String> ids, long askedMs) {}

  /**
   * @param interval after which an answer is old
   * @param onAnswer called when one has come; by any thread, must not block
   */
  public TopicWatch(
      TopicIds topicIds,
      Set<String> topics,
      Duration interval,
      Timekeeper time,
      Runnable onAnswer) {
    this.topicIds = topicIds;
    this.topics = Set.copyOf(topics);
    this.interval = interval;
    this.time = time;
    this.onAnswer = onAnswer;
  }

  /** The ids by name as last heard; a topic that is missing there may come to be at any moment. */
  public Map<String, String> ids() {
    return known.ids();
  }

  /**
   * The ids by name as they were at some time since this wall clock, milliseconds; empty while
   * nobody has answered, which is asked for.
   */
  public synchronized Optional<Map<String, String>> idsSince(long sinceMs) {
    Known last = known;
    if (last.askedMs() >= sinceMs) {
      return Optional.of(last.ids());
    }
    ask();
    return Optional.empty();
  }

  /** Why the last question has failed, for people; empty where it has not. */
  public Optional<String> failure() {
    return Optional.ofNullable(failure);
  }

  /** Asks where the last answer is old. */
  public void refresh() {
    refresh(interval);
  }

  /** Asks where the last question is older than that. */
  public synchronized void refresh(Duration age) {
    if (time.millis() - lastAskedMs >= age.toMillis()) {
      ask();
    }
  }

  private void ask() {
    if (!asking.isDone()) {
      return;
    }
    long askedMs = time.millis();
    lastAskedMs = askedMs;
    asking =
        topicIds
            .of(topics)
            .handle(
                (ids, cause) -> {
                  if (cause == null) {
                    known = new Known(Map.copyOf(ids), askedMs);
                    failure = null;
                  } else {
                    failure = "Kafka: " + Retry.reason(cause);
                  }
                  onAnswer.run();
                  return null;
                })
            .toCompletableFuture();
  }
}
