package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Optional;
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

  /** On a {@linkplain #shortened shortened} letter: how many bytes its value had. */
  public static final String VALUE_OMITTED = "dlq.value-omitted";

  /**
   * On a record that has been put back to its source topic: which letter it was, as {@code
   * topic/partition/offset}.
   */
  public static final String REPLAY_OF = "dlq.replay-of";

  /**
   * On a mark in a dead-letter topic, which is no letter and has no value: the offset of the letter
   * of its partition that has been put back.
   */
  public static final String REPLAYED = "dlq.replayed";

  /** On such a mark: where the record is now, as {@code topic/partition/offset}. */
  public static final String REPLAYED_TO = "dlq.replayed-to";

  /** A longer key is left out of a {@linkplain #shortened shortened} letter. */
  private static final int SHORT_KEY_BYTES_MAX = 1024;

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

  /**
   * A dead letter that is too large for its topic, without what can be large: its value, the
   * original's own headers, and a key over 1 KiB. Topic, partition and offset say where the
   * original is.
   *
   * @return empty for what is no dead letter, or has been shortened already
   */
  public static Optional<ProducerRecord<byte[], byte[]>> shortened(
      ProducerRecord<byte[], byte[]> letter) {
    Headers before = letter.headers();
    if (before.lastHeader(REASON) == null || before.lastHeader(VALUE_OMITTED) != null) {
      return Optional.empty();
    }
    Headers headers = new RecordHeaders();
    for (String name : List.of(REASON, MESSAGE, TOPIC, PARTITION, OFFSET, TIMESTAMP)) {
      headers.add(before.lastHeader(name));
    }
    int valueBytes = letter.value() == null ? 0 : letter.value().length;
    headers.add(VALUE_OMITTED, Integer.toString(valueBytes).getBytes(UTF_8));
    byte[] key = letter.key();
    boolean keepsKey = key != null && key.length <= SHORT_KEY_BYTES_MAX;
    return Optional.of(
        new ProducerRecord<>(letter.topic(), null, keepsKey ? key : null, null, headers));
  }

  private static String bounded(String message) {
    return message.codePointCount(0, message.length()) <= MESSAGE_CHARACTERS_MAX
        ? message
        : message.substring(0, message.offsetByCodePoints(0, MESSAGE_CHARACTERS_MAX - 1)) + "…";
  }
}
