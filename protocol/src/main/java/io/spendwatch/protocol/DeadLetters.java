package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** What a bad record becomes. Stateless and safe for use by many threads. */
public final class DeadLetters {

  public static final String REASON = "dlq.reason";
  public static final String MESSAGE = "dlq.message";
  public static final String TOPIC = "dlq.topic";
  public static final String PARTITION = "dlq.partition";
  public static final String OFFSET = "dlq.offset";
  public static final String TIMESTAMP = "dlq.timestamp";

  /** Longest {@link #MESSAGE}, characters. */
  public static final int MESSAGE_CHARACTERS_MAX = 512;

  private DeadLetters() {}

  /**
   * The dead letter of a record: its key, value and headers as they came, then where it came from
   * and why it is here, as UTF-8 text ({@link #TIMESTAMP} in milliseconds since the epoch).
   *
   * @param deadLetterTopic where it is to go; the producer chooses the partition by the key
   * @param message for people; cut at {@link #MESSAGE_CHARACTERS_MAX}
   */
  public static ProducerRecord<byte[], byte[]> of(
      ConsumerRecord<byte[], byte[]> bad,
      String deadLetterTopic,
      DeadLetterReason reason,
      String message) {
    Headers headers = new RecordHeaders(bad.headers());
    headers.add(REASON, reason.name().getBytes(UTF_8));
    headers.add(MESSAGE, bounded(message).getBytes(UTF_8));
    headers.add(TOPIC, bad.topic().getBytes(UTF_8));
    headers.add(PARTITION, Integer.toString(bad.partition()).getBytes(UTF_8));
    headers.add(OFFSET, Long.toString(bad.offset()).getBytes(UTF_8));
    headers.add(TIMESTAMP, Long.toString(bad.timestamp()).getBytes(UTF_8));
    return new ProducerRecord<>(deadLetterTopic, null, bad.key(), bad.value(), headers);
  }

  private static String bounded(String message) {
    return message.codePointCount(0, message.length()) <= MESSAGE_CHARACTERS_MAX
        ? message
        : message.substring(0, message.offsetByCodePoints(0, MESSAGE_CHARACTERS_MAX - 1)) + "…";
  }
}
