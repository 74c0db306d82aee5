package io.spendwatch.ops.logging;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.spendwatch.protocol.Secrets;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.slf4j.event.KeyValuePair;

/**
 * A line of the log as one JSON object, by the field names of the Elastic Common Schema; what the
 * line is about stands beside them under its own names, numbers as numbers. Without secrets.
 * Thread-safe.
 */
public final class EcsEncoder extends EncoderBase<ILoggingEvent> {
  private static final String SERVICE = "spendwatch";
  private static final String SCHEMA = "8.11.0";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final JsonFactory json = new JsonFactory();
  private final ThrowableProxyConverter stackTraces = new ThrowableProxyConverter();

  @Override
  public void start() {
    stackTraces.setContext(getContext());
    stackTraces.start();
    super.start();
  }

  @Override
  public byte[] headerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] footerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    StringWriter line = new StringWriter();
    try (JsonGenerator out = json.createGenerator(line)) {
      out.writeStartObject();
      out.writeStringField("@timestamp", TIME.format(event.getInstant()));
      out.writeStringField("log.level", event.getLevel().toString());
      out.writeStringField("message", Secrets.masked(event.getFormattedMessage()));
      out.writeStringField("ecs.version", SCHEMA);
      out.writeStringField("service.name", SERVICE);
      out.writeStringField("process.thread.name", event.getThreadName());
      out.writeStringField("log.logger", event.getLoggerName());
      writeAbout(out, event.getKeyValuePairs());
      writeError(out, event);
      out.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("nothing can fail here: it is all in memory", e);
    }
    return line.append('\n').toString().getBytes(UTF_8);
  }

  private static void writeAbout(JsonGenerator out, List<KeyValuePair> about) throws IOException {
    if (about == null) {
      return;
    }
    for (KeyValuePair pair : about) {
      switch (pair.value) {
        case null -> {} // Left out, as in the text.
        case Integer number -> out.writeNumberField(pair.key, number);
        case Long number -> out.writeNumberField(pair.key, number);
        case Boolean truth -> out.writeBooleanField(pair.key, truth);
        default -> out.writeStringField(pair.key, Secrets.masked(pair.value.toString()));
      }
    }
  }

  private void writeError(JsonGenerator out, ILoggingEvent event) throws IOException {
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      out.writeStringField("error.type", thrown.getClassName());
      if (thrown.getMessage() != null) {
        out.writeStringField("error.message", Secrets.masked(thrown.getMessage()));
      }
      out.writeStringField("error.stack_trace", Secrets.masked(stackTraces.convert(event)));
    }
  }
}
