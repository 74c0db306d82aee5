package io.spendwatch.streams.kafka;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Which topics there are. A topic that is deleted and made again has another id, whatever its name:
 * the offsets of the former one say nothing about it. For any thread.
 */
public interface TopicIds extends AutoCloseable {
  /**
   * Asks the broker.
   *
   * @return the ids by name, without those that there are not; fails where the broker does not
   *     answer or does not allow it. Does not block
   */
  CompletionStage<Map<String, String>> of(Set<String> topics);

  @Override
  default void close() {
    // Nothing to let go of.
  }
}
