package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.life.PipelineMetrics;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether Kafka answers what it is asked beside polls, and what is waited for where it does not.
 * For the thread that reads; {@link #waitingFor} for any.
 */
final class KafkaAnswers {
  /** After how long without an answer Kafka is said to be waited for. */
  private static final long NO_ANSWER_MS = 10_000;

  private final PipelineMetrics metrics;
  private final Timekeeper time;
  private volatile @Nullable String waitingFor;
  private long answeredMs;

  KafkaAnswers(PipelineMetrics metrics, Timekeeper time) {
    this.metrics = metrics;
    this.time = time;
    this.answeredMs = time.millis();
  }

  /** It does; nothing is waited for. */
  void answered() {
    answeredMs = time.millis();
    waitingFor = null;
  }

  /** It was asked in vain, and will be asked again. */
  void notAnswered(RuntimeException failure) {
    metrics.failedTry(Server.KAFKA);
    if (time.millis() - answeredMs > NO_ANSWER_MS) {
      waitFor(failure);
    }
  }

  /** Nothing can be read until it is asked anew. */
  void failed(RuntimeException failure) {
    metrics.failedTry(Server.KAFKA);
    waitFor(failure);
  }

  private void waitFor(RuntimeException failure) {
    waitingFor = "Kafka: " + failure.getMessage();
  }

  /** This is waited for until there is an answer. */
  void waitFor(String what) {
    waitingFor = what;
  }

  /** What is waited for, for people; empty while nothing. */
  Optional<String> waitingFor() {
    return Optional.ofNullable(waitingFor);
  }
}
