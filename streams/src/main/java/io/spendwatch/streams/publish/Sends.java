package io.spendwatch.streams.publish;

import io.spendwatch.protocol.DeadLetters;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.pekko.Done;

/**
 * The records that one Kafka transaction sends, and what their topics say to them. Sent by the
 * publisher's thread, answered by the client's.
 */
public final class Sends {
  private final Set<ProducerRecord<byte[], byte[]>> unanswered = ConcurrentHashMap.newKeySet();
  private final Map<ProducerRecord<byte[], byte[]>, Exception> refused = new ConcurrentHashMap<>();
  private final CompletableFuture<Done> over = new CompletableFuture<>();
  private volatile boolean allSent;

  /** Sends it, unless another one has been refused: then nothing of the transaction counts. */
  void send(Producer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record) {
    if (!refused.isEmpty()) {
      return;
    }
    unanswered.add(record);
    var _ =
        producer.send(
            record,
            (_, failure) -> {
              if (failure != null) {
                refused.put(record, failure);
              }
              unanswered.remove(record);
              endIfOver();
            });
  }

  /** No further one will be sent. */
  void allSent() {
    allSent = true;
    endIfOver();
  }

  private void endIfOver() {
    if (!refused.isEmpty() || (allSent && unanswered.isEmpty())) {
      over.complete(Done.done());
    }
  }

  /** Completes when all have been taken, or one has been refused. */
  CompletableFuture<Done> over() {
    return over;
  }

  /** Those that nobody has answered yet. */
  Set<ProducerRecord<byte[], byte[]>> unanswered() {
    return Set.copyOf(unanswered);
  }

  /** Whether one was refused for what it is or where it goes, not for who sends it. */
  boolean isRefused() {
    return refused.values().stream().anyMatch(Sends::liesInTheTopic);
  }

  /** Dead letters that are too large for their topic, and can be shortened. */
  Set<ProducerRecord<byte[], byte[]>> tooLarge() {
    Set<ProducerRecord<byte[], byte[]>> letters = new HashSet<>();
    refused.forEach(
        (record, failure) -> {
          if (failure instanceof RecordTooLargeException
              && DeadLetters.shortened(record).isPresent()) {
            letters.add(record);
          }
        });
    return letters;
  }

  /** Records that their topic does not take, whatever else it takes. */
  Map<ProducerRecord<byte[], byte[]>, String> unfit() {
    Map<ProducerRecord<byte[], byte[]>, String> unfit = new HashMap<>();
    refused.forEach(
        (record, failure) -> {
          if (failure instanceof RecordTooLargeException) {
            unfit.put(record, failure.getMessage());
          }
        });
    return unfit;
  }

  /** The topics that take nothing at the moment, with the reason of each. */
  Map<String, String> topicsInTrouble() {
    Map<String, String> topics = new HashMap<>();
    refused.forEach(
        (record, failure) -> {
          if (liesInTheTopic(failure) && !(failure instanceof RecordTooLargeException)) {
            topics.put(record.topic(), String.valueOf(failure.getMessage()));
          }
        });
    return topics;
  }

  private static boolean liesInTheTopic(Exception failure) {
    return failure instanceof ApiException
        && !(failure instanceof ProducerFencedException
            || failure instanceof InvalidProducerEpochException
            || failure instanceof OutOfOrderSequenceException
            || failure instanceof TransactionAbortedException
            || failure instanceof TransactionAbortableException
            || failure instanceof TransactionalIdAuthorizationException
            || failure instanceof ClusterAuthorizationException);
  }
}
