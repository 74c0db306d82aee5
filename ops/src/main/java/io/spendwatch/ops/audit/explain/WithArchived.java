package io.spendwatch.ops.audit.explain;

import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;

/**
 * The tables as they would be with a user's transactions that were read from the archive: the same
 * statements, answered by PostgreSQL, over both. As the statements under it, for any thread.
 */
final class WithArchived implements Statements {
  private static final Pattern COMMENTS = Pattern.compile("\\A(?:--[^\\n]*\\R\\s*)*");
  private static final String WITH = "WITH ";
  private static final String TABLE = "spendwatch.transactions";
  private static final String BOTH = "archived_and_stored";
  private static final String WITH_ARCHIVED =
      COMMENTS.matcher(SqlText.load(WithArchived.class, "with_archived")).replaceFirst("").strip();

  private final Statements tables;
  private final String rows;

  /**
   * @param rows a JSON array of objects by the names of the table's columns
   */
  WithArchived(Statements tables, String rows) {
    this.tables = tables;
    this.rows = rows;
  }

  @Override
  public CompletionStage<RowSet<Row>> execute(String sql, Tuple parameters) {
    if (!sql.contains(TABLE)) {
      return tables.execute(sql, parameters);
    }
    Tuple all = Tuple.tuple();
    for (int i = 0; i < parameters.size(); i++) {
      all.addValue(parameters.getValue(i));
    }
    return tables.execute(overBoth(sql, parameters.size() + 1), all.addValue(rows));
  }

  private static String overBoth(String sql, int parameter) {
    String query = COMMENTS.matcher(sql).replaceFirst("").replace(TABLE, BOTH);
    return WITH
        + WITH_ARCHIVED.replace("{rows}", "$" + parameter).replace("{transactions}", BOTH)
        + (query.startsWith(WITH) ? ", " + query.substring(WITH.length()) : "\n" + query);
  }
}
