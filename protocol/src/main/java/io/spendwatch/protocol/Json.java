package io.spendwatch.protocol;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The one JSON factory, and how a codec writes an object. Safe for use by many threads. */
final class Json {

  /**
   * UTF-8 only, and no limits of its own below {@link DeadLetterReason#MAX_VALUE_BYTES}: what is
   * good JSON of an accepted size is never called malformed. Field names come from outside: they
   * are not interned, and names made to collide cost time only.
   */
  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CHARSET_DETECTION)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DeadLetterReason.MAX_VALUE_BYTES)
                  .maxNumberLength(DeadLetterReason.MAX_VALUE_BYTES)
                  .maxNameLength(DeadLetterReason.MAX_VALUE_BYTES)
                  .maxStringLength(DeadLetterReason.MAX_VALUE_BYTES)
                  .build())
          .build();

  private static final int USUAL_BYTES = 512;

  private Json() {}

  /** The fields of an object. */
  @FunctionalInterface
  interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  /**
   * One JSON object as UTF-8.
   *
   * @throws IllegalArgumentException for a text with an unpaired surrogate, unless it can be kept
   *     as an escape
   */
  static byte[] object(Fields fields) {
    var bytes = new ByteArrayOutputStream(USUAL_BYTES);
    try (JsonGenerator json = FACTORY.createGenerator(bytes, JsonEncoding.UTF8)) {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    return bytes.toByteArray();
  }

  /**
   * Whether the bytes are well-formed UTF-8. Jackson reads overlong forms and encoded surrogates;
   * Java's own decoder refuses them.
   */
  static boolean isUtf8(byte[] bytes) {
    int anyHighBit = 0;
    for (byte b : bytes) {
      anyHighBit |= b;
    }
    if (anyHighBit < 0) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      } catch (CharacterCodingException e) {
        return false;
      }
    }
    return true;
  }
}
