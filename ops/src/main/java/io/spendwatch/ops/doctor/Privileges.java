package io.spendwatch.ops.doctor;

import io.spendwatch.ops.storage.schema.Schema;
import io.spendwatch.streams.database.SqlText;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What each role may do, read from the script that grants it, so that nothing is written twice. */
final class Privileges {
  private static final String CHECK = SqlText.load(Privileges.class, "privileges");
  private static final Pattern COMMENT = Pattern.compile("--[^\n]*");
  private static final Pattern GRANT =
      Pattern.compile(
          "\\bGRANT\\s+([A-Z, ]+?)\\s*(?:\\(([^)]+)\\)\\s*)?\\bON\\s+(SCHEMA\\s+|FUNCTION\\s+)?([^;']+?)\\s+TO\\s+(\\w+)\\s*;");

  /** A comma that is not within the arguments of a function. */
  private static final Pattern COMMA = Pattern.compile(",");

  private static final Pattern BETWEEN = Pattern.compile(",\\s*(?![^(]*\\))");

  /**
   * What a role must be able to do.
   *
   * @param kind table, schema, function, or column
   * @param object its name; of a column {@code table(column)}
   */
  record Privilege(String role, String kind, String object, String name) {}

  /**
   * How it is.
   *
   * @param missing what a role needs and may not, for people
   * @param excess what a role may and does not need: changes of tables that it is to read or add
   *     to, columns that it is not to read
   */
  record Differences(List<String> missing, List<String> excess) {}

  private Privileges() {}

  /** All that the script grants. */
  static List<Privilege> needed() {
    return parse(Schema.grants());
  }

  static List<Privilege> parse(String script) {
    List<Privilege> privileges = new ArrayList<>();
    Matcher grant = GRANT.matcher(COMMENT.matcher(script).replaceAll(""));
    while (grant.find()) {
      String objects = grant.group(4).replaceAll("\\s+", " ");
      for (String object : BETWEEN.split(objects, -1)) {
        for (String name : COMMA.split(grant.group(1), -1)) {
          if (grant.group(2) == null) {
            privileges.add(
                new Privilege(grant.group(5), kind(grant), object.strip(), name.strip()));
            continue;
          }
          for (String column : COMMA.split(grant.group(2), -1)) {
            privileges.add(
                new Privilege(
                    grant.group(5),
                    "column",
                    object.strip() + "(" + column.strip() + ")",
                    name.strip()));
          }
        }
      }
    }
    return privileges;
  }

  private static String kind(Matcher grant) {
    return grant.group(3) == null ? "table" : grant.group(3).strip().toLowerCase(Locale.ROOT);
  }

  /** Holds those of the database against what is needed. Roles that are missing are left out. */
  static Differences look(Connection connection) throws SQLException {
    List<Privilege> needed = needed();
    List<String> missing = new ArrayList<>();
    List<String> excess = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(CHECK)) {
      statement.setArray(1, array(connection, needed.stream().map(Privilege::role)));
      statement.setArray(2, array(connection, needed.stream().map(Privilege::kind)));
      statement.setArray(3, array(connection, needed.stream().map(Privilege::object)));
      statement.setArray(4, array(connection, needed.stream().map(Privilege::name)));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          (rows.getBoolean(1) ? missing : excess).add(rows.getString(2));
        }
      }
    }
    return new Differences(missing, excess);
  }

  private static Array array(Connection connection, Stream<String> texts) throws SQLException {
    return connection.createArrayOf("text", texts.toArray());
  }
}
