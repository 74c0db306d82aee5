package io.spendwatch.ops.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.JoranException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.slf4j.spi.LoggingEventBuilder;

/** The log as a node is delivered with. */
class LogFormatTest {

  @Test
  void aLineOfTextIsReadWithoutGuessing() throws Exception {
    String line =
        line(
            "text",
            warn ->
                warn.addKeyValue("topic", "transactions")
                    .addKeyValue("partition", 3)
                    .addKeyValue("waitingFor", "PostgreSQL: \"x\" = C:\\ is not there")
                    .addKeyValue("nothing", (Object) null)
                    .addKeyValue("empty", "")
                    .log("Waits for \"{}\"", "it\u001b[2J"));
    assertThat(line)
        .matches(
            "time=\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z level=WARN logger=Some .*\\R")
        .endsWith(
            "logger=Some topic=transactions partition=3 waitingFor=\"PostgreSQL: \\\"x\\\" = C:\\\\"
                + " is not there\" empty=\"\" message=\"Waits for \\\"it\\u001B[2J\\\"\""
                + System.lineSeparator());
  }

  @Test
  void aLineOfJsonHasTheNamesOfTheCommonSchema() throws Exception {
    String line =
        line(
            "json",
            error ->
                error
                    .addKeyValue("partition", 3)
                    .addKeyValue("offset", 12_345_678_901L)
                    .addKeyValue("pushed", true)
                    .addKeyValue("reason", "a\nb")
                    .addKeyValue("nothing", (Object) null)
                    .setCause(new IllegalStateException("no \"such\" thing"))
                    .log("It {}", "fails"));
    assertThat(line).endsWith("}\n").containsOnlyOnce("\n");
    JsonNode json = new ObjectMapper().readTree(line);
    assertThat(json.path("@timestamp").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    assertThat(json.path("log.level").asText()).isEqualTo("WARN");
    assertThat(json.path("log.logger").asText()).isEqualTo("io.spendwatch.Some");
    assertThat(json.path("message").asText()).isEqualTo("It fails");
    assertThat(json.path("service.name").asText()).isEqualTo("spendwatch");
    assertThat(json.path("process.thread.name").asText())
        .isEqualTo(Thread.currentThread().getName());
    assertThat(json.path("error.type").asText()).isEqualTo("java.lang.IllegalStateException");
    assertThat(json.path("error.message").asText()).isEqualTo("no \"such\" thing");
    assertThat(json.path("error.stack_trace").asText()).contains("LogFormatTest");
    assertThat(json.path("partition").isInt()).isTrue();
    assertThat(json.path("offset").asLong()).isEqualTo(12_345_678_901L);
    assertThat(json.path("pushed").isBoolean()).isTrue();
    assertThat(json.path("reason").asText()).isEqualTo("a\nb");
    assertThat(json.has("nothing")).isFalse();
  }

  /** As the appender of that name in {@code logback.xml} would write it. */
  private static String line(String format, Consumer<LoggingEventBuilder> said)
      throws JoranException {
    var context = new LoggerContext();
    context.putProperty("SPENDWATCH_LOG_FORMAT", format);
    var configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(LogFormatTest.class.getResource("/logback.xml"));
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    var appender = (ConsoleAppender<ILoggingEvent>) root.getAppender(format);
    var events = new ch.qos.logback.core.read.ListAppender<ILoggingEvent>();
    events.start();
    Logger some = context.getLogger("io.spendwatch.Some");
    some.setAdditive(false);
    some.addAppender(events);
    said.accept(some.atWarn());
    byte[] line = appender.getEncoder().encode(events.list.getFirst());
    context.stop();
    return new String(line, StandardCharsets.UTF_8);
  }
}
