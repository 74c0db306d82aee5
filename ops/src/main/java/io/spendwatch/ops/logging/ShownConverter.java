package io.spendwatch.ops.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.pattern.CompositeConverter;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.protocol.Secrets;
import java.util.stream.Collectors;

/**
 * {@code %shown(...)} in a pattern of the log: what is in the brackets, safe for a terminal and
 * without secrets. Its first line stands where it is; further ones, as of a stack trace, begin with
 * a tab, so that no text from outside can pass for a line of the log. It ends the line itself: a
 * pattern takes no conversion right behind a bracket. Stateless.
 */
public final class ShownConverter extends CompositeConverter<ILoggingEvent> {
  @Override
  protected String transform(ILoggingEvent event, String text) {
    return Secrets.masked(text)
        .lines()
        .map(line -> ForeignText.shown(line.replace("\t", "  ")))
        .collect(Collectors.joining(System.lineSeparator() + "\t", "", System.lineSeparator()));
  }
}
