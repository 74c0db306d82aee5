package io.spendwatch.streams.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks Kafka what it says of partitions. Where it does not say which offsets are committed, a
 * transaction of a node that is gone may be what keeps them open: that is ended. Confined to the
 * thread that polls.
 */
public final class SourceStates {
  private static final Logger LOG = LoggerFactory.getLogger(SourceStates.class);

  /** So many times in a row the offsets could not be read: somebody may have left them open. */
  private static final int UNREADABLE_TIMES = 2;

  private final HangingTransactions hanging;
  private int offsetsUnreadable;
  private volatile boolean cannotEndTransactions;
  private CompletableFuture<?> endingTransactions = CompletableFuture.completedFuture(null);

  public SourceStates(HangingTransactions hanging) {
    this.hanging = hanging;
  }

  /**
   * Asks for all of them at once.
   *
   * @param topicIds by name, of the topics of these partitions
   * @throws TimeoutException if an answer does not come in time: to be asked again
   */
  public Map<TopicPartition, SourceState> of(
      Consumer<byte[], byte[]> consumer,
      Set<TopicPartition> sources,
      Map<String, String> topicIds,
      Duration limit) {
    Map<TopicPartition, OffsetAndMetadata> committed = committed(consumer, sources, limit);
    Map<TopicPartition, Long> begins = consumer.beginningOffsets(sources, limit);
    Map<TopicPartition, Long> ends = consumer.endOffsets(sources, limit);
    Map<TopicPartition, SourceState> states = new HashMap<>();
    for (TopicPartition source : sources) {
      OffsetAndMetadata offset = committed.get(source);
      states.put(
          source,
          new SourceState(
              Objects.requireNonNull(topicIds.get(source.topic()), "the topic's id"),
              Objects.requireNonNull(begins.get(source), "its beginning"),
              Objects.requireNonNull(ends.get(source), "its end"),
              offset == null ? OptionalLong.empty() : OptionalLong.of(offset.offset()),
              offset == null
                  ? OptionalLong.empty()
                  : OffsetNote.publishedAlertSeq(offset.metadata())));
    }
    return states;
  }

  private Map<TopicPartition, OffsetAndMetadata> committed(
      Consumer<byte[], byte[]> consumer, Set<TopicPartition> sources, Duration limit) {
    try {
      Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(sources, limit);
      offsetsUnreadable = 0;
      return committed;
    } catch (TimeoutException e) {
      offsetsUnreadable++;
      if (offsetsUnreadable >= UNREADABLE_TIMES && endingTransactions.isDone()) {
        offsetsUnreadable = 0;
        endingTransactions =
            hanging
                .end()
                .whenComplete(
                    (nodes, failure) -> {
                      if (failure == null) {
                        ended(nodes);
                      } else {
                        cannotEnd(failure);
                      }
                    })
                .toCompletableFuture();
      }
      throw e;
    }
  }

  // Both by any thread, one after the other.

  private void ended(Set<String> nodes) {
    cannotEndTransactions = false;
    if (!nodes.isEmpty()) {
      LOG.info(
          "Ended the Kafka transactions that {} left open, not being in the group any more", nodes);
    }
  }

  /** While Kafka is away it is tried often, and said once. */
  private void cannotEnd(Throwable failure) {
    if (!cannotEndTransactions) {
      LOG.warn(
          "Cannot look for transactions that dead nodes have left open; they end by their"
              + " transaction-timeout: {}",
          failure.getMessage());
    }
    cannotEndTransactions = true;
  }
}
