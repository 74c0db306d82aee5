package io.spendwatch.ops.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A dead letter, whole. What is UTF-8 is here as text; what is not, in base64, with its text null.
 *
 * @param keyBase64 null where the key is text, or there is none
 * @param value null where it is no text, or there is none
 * @param valueBase64 null where the value is text, or there is none
 * @param headers all of them: the original's, then those of the letter
 * @param replayedTo where the record is now, as {@code topic/partition/offset}; null while it has
 *     not been put back
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record DeadLetterContent(
    @JsonUnwrapped DeadLetter letter,
    String keyBase64,
    String value,
    String valueBase64,
    List<Header> headers,
    String replayedTo) {

  /** A header of the record. */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Header(String name, String value, String valueBase64) {}

  static DeadLetterContent of(ConsumerRecord<byte[], byte[]> record, String replayedTo) {
    return new DeadLetterContent(
        DeadLetter.of(record),
        text(record.key()) == null ? base64(record.key()) : null,
        text(record.value()),
        text(record.value()) == null ? base64(record.value()) : null,
        StreamSupport.stream(record.headers().spliterator(), false)
            .map(
                header ->
                    new Header(
                        header.key(),
                        text(header.value()),
                        text(header.value()) == null ? base64(header.value()) : null))
            .toList(),
        replayedTo);
  }

  private static String text(byte[] bytes) {
    try {
      return bytes == null ? null : UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  private static String base64(byte[] bytes) {
    return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
  }
}
