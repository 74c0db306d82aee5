package io.spendwatch.ops.audit;

import io.spendwatch.streams.postgres.SqlText;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The SQL of the audit: files beside this class, of one or several statements, with names in braces
 * where values are put in that a statement cannot take as parameters. None of these values comes
 * from outside: they are numbers, instants, and conditions made of them. Stateless.
 */
final class AuditScript {
  /** Where a statement ends and another begins; within a function none begins so. */
  private static final Pattern BETWEEN_STATEMENTS =
      Pattern.compile(";\\s*\\n(?=\\s*(--|CREATE |INSERT |ANALYZE |DROP |DELETE |SET |$))");

  private AuditScript() {}

  /** The statements of a file, in order. */
  static List<String> statements(String file, Map<String, String> values) {
    return Arrays.stream(BETWEEN_STATEMENTS.split(text(file, values)))
        .map(String::strip)
        .filter(statement -> !statement.isEmpty())
        .toList();
  }

  /** The one statement of a file. */
  static String text(String file, Map<String, String> values) {
    String text = SqlText.load(AuditScript.class, file);
    for (Map.Entry<String, String> value : values.entrySet()) {
      text = text.replace("{" + value.getKey() + "}", value.getValue());
    }
    return text;
  }
}
