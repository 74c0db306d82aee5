package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
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

  /** On a letter without its value, as when {@linkplain #shortened}: how many bytes it had. */
  public static final String VALUE_OMITTED = "dlq.value-omitted";

  /**
   * On a letter in which card numbers are masked: there key, value and headers are not all as they
   * came.
   */
  public static final String MASKED = "dlq.masked";

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

  /** Longest id of a user, UTF-8 bytes: a longer key is none. */
  private static final int USER_BYTES_MAX = 256;

  private DeadLetters() {}

  /**
   * How many of these records are letters of each user, by their keys. Records that are no letters,
   * and letters whose key can be no user's, are passed over.
   */
  public static Map<String, Integer> byUser(List<ProducerRecord<byte[], byte[]>> records) {
    Map<String, Integer> letters = new HashMap<>();
    for (ProducerRecord<byte[], byte[]> record : records) {
      byte[] key = record.key();
      if (key != null
          && key.length <= USER_BYTES_MAX
          && record.headers().lastHeader(REASON) != null) {
        letters.merge(new String(key, UTF_8), 1, Integer::sum);
      }
    }
    return letters;
  }

  /**
   * The dead letter of a record: its key, value and headers as they came, then where it came from
   * and why it is here, as UTF-8 text ({@link #TIMESTAMP} in milliseconds since the epoch). Where
   * the reason is a card's number, it is masked, and a value that has it in a form that cannot be
   * masked is left out.
   *
   * @param deadLetterTopic where it is to go; the producer chooses the partition by the key
   * @param message for people; cut at {@link #MESSAGE_CHARACTERS_MAX}
   */
  public static ProducerRecord<byte[], byte[]> of(
      ConsumerRecord<byte[], byte[]> bad,
      String deadLetterTopic,
      DeadLetterReason reason,
      String message) {
    boolean isToBeMasked = reason == DeadLetterReason.PAN_SUSPECTED;
    Headers headers = isToBeMasked ? masked(bad.headers()) : new RecordHeaders(bad.headers());
    headers.add(REASON, reason.name().getBytes(UTF_8));
    headers.add(MESSAGE, bounded(message).getBytes(UTF_8));
    headers.add(TOPIC, bad.topic().getBytes(UTF_8));
    headers.add(PARTITION, Integer.toString(bad.partition()).getBytes(UTF_8));
    headers.add(OFFSET, Long.toString(bad.offset()).getBytes(UTF_8));
    headers.add(TIMESTAMP, Long.toString(bad.timestamp()).getBytes(UTF_8));
    if (!isToBeMasked) {
      return new ProducerRecord<>(deadLetterTopic, null, bad.key(), bad.value(), headers);
    }
    headers.add(MASKED, "true".getBytes(UTF_8));
    byte[] key = bad.key() == null ? null : CardNumbers.masked(bad.key());
    byte[] value = maskedValue(bad.value(), headers);
    return new ProducerRecord<>(deadLetterTopic, null, key, value, headers);
  }

  private static Headers masked(Headers headers) {
    Headers masked = new RecordHeaders();
    for (Header header : headers) {
      byte[] value = header.value();
      masked.add(header.key(), value == null ? null : CardNumbers.masked(value));
    }
    return masked;
  }

  /** Null where it may have a number that is written in another way. */
  private static byte[] maskedValue(byte[] value, Headers headers) {
    byte[] masked = CardNumbers.masked(value);
    boolean hasEscapes = new String(value, ISO_8859_1).contains("\\u");
    if (Arrays.equals(masked, value) || hasEscapes) {
      headers.add(VALUE_OMITTED, Integer.toString(value.length).getBytes(UTF_8));
      return null;
    }
    return masked;
  }

  /**
   * A dead letter that is too large for its topic, without what can be large: its value, the
   * original's own headers, and a key over 1 KiB. Topic, partition and offset say where the
   * original is.
   *
   * @return empty for what is no dead letter, or has no value already
   */
  public static Optional<ProducerRecord<byte[], byte[]>> shortened(
      ProducerRecord<byte[], byte[]> letter) {
    Headers before = letter.headers();
    if (before.lastHeader(REASON) == null || before.lastHeader(VALUE_OMITTED) != null) {
      return Optional.empty();
    }
    Headers headers = new RecordHeaders();
    for (String name : List.of(REASON, MESSAGE, TOPIC, PARTITION, OFFSET, TIMESTAMP, MASKED)) {
      Header header = before.lastHeader(name);
      if (header != null) {
        headers.add(header);
      }
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
