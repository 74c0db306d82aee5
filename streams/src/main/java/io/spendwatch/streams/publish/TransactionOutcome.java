package io.spendwatch.streams.publish;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.producer.ProducerRecord;

/** How a Kafka transaction came out. Unless it says otherwise nothing of it was committed. */
sealed interface TransactionOutcome {
  record Committed() implements TransactionOutcome {}

  /**
   * To be tried again as it is: the group has moved on.
   *
   * @param isAborted whether the producer can go on
   */
  record NotCommitted(CommitFailedException cause, boolean isAborted)
      implements TransactionOutcome {}

  /** Something in it was not durable in time: to be tried again when it is. */
  record NotDurable() implements TransactionOutcome {}

  /** To be tried again with these shortened. */
  record TooLarge(Set<ProducerRecord<byte[], byte[]>> letters) implements TransactionOutcome {}

  /**
   * By the topics of some records.
   *
   * @param topics that take nothing at the moment, each with its reason
   * @param unfit records that their topic does not take, whatever else it takes, each with its
   *     reason
   */
  record Refused(Map<String, String> topics, Map<ProducerRecord<byte[], byte[]>, String> unfit)
      implements TransactionOutcome {}

  /** Nobody knows whether it was committed. */
  record Open(RuntimeException cause) implements TransactionOutcome {}
}
