package io.spendwatch.ops.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.EventTime;
import java.time.DateTimeException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * A dead letter, without its payload. What its headers do not say is null: anybody may write to the
 * topic.
 *
 * @param at when it was put aside, ISO 8601 UTC
 * @param reason a stable code
 * @param message for people
 * @param source of which record it is
 * @param key of the record; what is no UTF-8 in it is replaced
 * @param valueBytes how long the record's value was; −1 for none
 * @param valueOmitted whether it is not here, because it was too large
 * @param replayOf the letter that this record was before, as {@code topic/partition/offset}
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record DeadLetter(
    String topic,
    int partition,
    long offset,
    String at,
    String reason,
    String message,
    Source source,
    String key,
    int valueBytes,
    boolean valueOmitted,
    String replayOf) {

  /**
   * The record in its source topic.
   *
   * @param timestamp the record's, ISO 8601 UTC
   */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Source(String topic, Integer partition, Long offset, String timestamp) {}

  static DeadLetter of(ConsumerRecord<byte[], byte[]> letter) {
    Long omitted = number(letter, DeadLetters.VALUE_OMITTED);
    int bytes = letter.value() == null ? -1 : letter.value().length;
    Long partition = number(letter, DeadLetters.PARTITION);
    return new DeadLetter(
        letter.topic(),
        letter.partition(),
        letter.offset(),
        time(letter.timestamp()),
        text(letter, DeadLetters.REASON),
        text(letter, DeadLetters.MESSAGE),
        new Source(
            text(letter, DeadLetters.TOPIC),
            partition == null ? null : Math.clamp(partition, -1, Integer.MAX_VALUE),
            number(letter, DeadLetters.OFFSET),
            time(number(letter, DeadLetters.TIMESTAMP))),
        letter.key() == null ? null : new String(letter.key(), UTF_8),
        omitted == null ? bytes : Math.clamp(omitted, -1, Integer.MAX_VALUE),
        omitted != null,
        text(letter, DeadLetters.REPLAY_OF));
  }

  /** Whether it is one: a mark that a letter has been replayed is none. */
  static boolean isLetter(ConsumerRecord<byte[], byte[]> record) {
    return record.headers().lastHeader(DeadLetters.REPLAYED) == null;
  }

  /** In one word. */
  public LetterPlace place() {
    return new LetterPlace(topic, partition, offset);
  }

  static String text(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null ? null : new String(header.value(), UTF_8);
  }

  static Long number(ConsumerRecord<byte[], byte[]> record, String name) {
    String text = text(record, name);
    return text != null && text.matches("-?\\d{1,18}") ? Long.valueOf(text) : null;
  }

  private static String time(Long ms) {
    try {
      return ms == null ? null : EventTime.format(ms);
    } catch (DateTimeException e) {
      return null;
    }
  }
}
