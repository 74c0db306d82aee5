package io.spendwatch.ops.logging;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.List;
import java.util.regex.Pattern;
import org.slf4j.event.KeyValuePair;

/**
 * {@code %logfmt} in a pattern of the log: what a line is about as {@code key=value}, then its
 * message the same way. A value that is not one plain word is in double quotes, in which a
 * backslash stands before a double quote and a backslash; so a line is read without guessing where
 * a value ends. What has no value is left out. Stateless.
 */
public final class LogfmtConverter extends ClassicConverter {
  private static final Pattern PLAIN = Pattern.compile("[\\w.:/@+,*-]+");

  @Override
  public String convert(ILoggingEvent event) {
    StringBuilder line = new StringBuilder();
    List<KeyValuePair> about = event.getKeyValuePairs();
    if (about != null) {
      for (KeyValuePair pair : about) {
        if (pair.value != null) {
          String value = pair.value.toString();
          line.append(pair.key).append('=');
          line.append(PLAIN.matcher(value).matches() ? value : quoted(value)).append(' ');
        }
      }
    }
    return line.append("message=").append(quoted(event.getFormattedMessage())).toString();
  }

  private static String quoted(String value) {
    return '"' + String.valueOf(value).replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
