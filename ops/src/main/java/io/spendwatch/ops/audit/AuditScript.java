package io.spendwatch.ops.audit;

import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.ledger.RuleText;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The SQL of the audit: files beside this class, of one or several statements, with names in braces
 * where values are put in that a statement cannot take as parameters. None of these values comes
 * from outside: they are numbers, instants, and conditions made of them. Each file is read and
 * taken apart once. Thread-safe.
 */
final class AuditScript {
  private static final Map<String, AuditScript> LOADED = new ConcurrentHashMap<>();

  private final String text;
  private final List<String> statements;

  private AuditScript(String file) {
    text = RuleText.load(AuditScript.class, file);
    statements = SqlText.statements(text);
  }

  /** The statements of a file, in order. */
  static List<String> statements(String file, Map<String, String> values) {
    return loaded(file).statements.stream().map(statement -> filledIn(statement, values)).toList();
  }

  /** The one statement of a file. */
  static String text(String file, Map<String, String> values) {
    return filledIn(loaded(file).text, values);
  }

  /** Runs the statements of a file, in order. */
  static void run(Session session, String file, Map<String, String> values) {
    statements(file, values).forEach(session::query);
  }

  private static AuditScript loaded(String file) {
    return LOADED.computeIfAbsent(file, AuditScript::new);
  }

  private static String filledIn(String template, Map<String, String> values) {
    String text = template;
    for (Map.Entry<String, String> value : values.entrySet()) {
      text = text.replace("{" + value.getKey() + "}", value.getValue());
    }
    return text;
  }
}
