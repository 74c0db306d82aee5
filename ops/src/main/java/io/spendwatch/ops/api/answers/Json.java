package io.spendwatch.ops.api.answers;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.spendwatch.protocol.EventTime;
import java.io.IOException;
import java.time.Instant;

/**
 * JSON of the HTTP interface: instants as ISO 8601 with three decimals, absent values left out.
 * Thread-safe. Far from the hot path, so reflection is fine here.
 */
public final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .addModule(new JavaTimeModule().addSerializer(Instant.class, new Milliseconds()))
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.USE_DEFAULTS))
          .build();

  private Json() {}

  public static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("not expressible in JSON: " + value.getClass(), e);
    }
  }

  /**
   * Reads a value; unknown fields are ignored.
   *
   * @throws IllegalArgumentException if it is no JSON of this type
   */
  public static <T> T read(String json, Class<T> type) {
    T value;
    try {
      value = MAPPER.readValue(json, type);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no JSON of a " + type.getSimpleName(), e);
    }
    if (value == null) {
      // What `null` is read as.
      throw new IllegalArgumentException("no JSON of a " + type.getSimpleName());
    }
    return value;
  }

  /** What is below the millisecond is cut off. */
  private static final class Milliseconds extends StdSerializer<Instant> {
    private static final long serialVersionUID = 1;

    Milliseconds() {
      super(Instant.class);
    }

    @Override
    public void serialize(Instant instant, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeString(EventTime.format(instant.toEpochMilli()));
    }
  }
}
