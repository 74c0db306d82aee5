package io.spendwatch.streams.publish;

import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;

/** How a Kafka transaction came out. Unless it says otherwise nothing of it was committed. */
sealed interface TransactionOutcome {
  record Committed() implements TransactionOutcome {}

  /** To be tried again as it is: the group has moved on. */
  record NotCommitted() implements TransactionOutcome {}

  /** Something in it was not durable in time: to be tried again when it is. */
  record NotDurable() implements TransactionOutcome {}

  /** To be tried again with these shortened. */
  record TooLarge(Set<ProducerRecord<byte[], byte[]>> letters) implements TransactionOutcome {}

  /** By the topics of some records, which are known to be in trouble now. */
  record Refused() implements TransactionOutcome {}

  /** Nobody knows whether it was committed. */
  record Open(RuntimeException cause) implements TransactionOutcome {}
}
