package io.spendwatch.ops.audit.explain;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.streams.database.SqlText;
import java.time.Duration;
import java.time.Instant;

/**
 * The 24 hours of a user that end at an instant: (start, end], in one currency; of what was known
 * when something was decided.
 */
record Window(String userId, String currency, Instant end, Known known) {
  private static final String SUM_WINDOW =
      SqlText.load(Window.class, "sum_window").replaceFirst("^--.*\\R", "");
  private static final Duration LENGTH = Rule.EXPOSURE_24H.window();

  /** The open edge: an entry at exactly this instant is out. */
  Instant start() {
    return end.minus(LENGTH);
  }

  /** The same hours, of what was known at another point. */
  Window asOf(Known then) {
    return new Window(userId, currency, end, then);
  }

  /** The statement that gives the exposure, as psql takes it. */
  String sql() {
    var sql =
        new StringBuilder(
            SUM_WINDOW
                .stripTrailing()
                .replace(":'user'", SqlText.literal(userId))
                .replace(":'window_start'", SqlText.literal(start().toString()))
                .replace(":'window_end'", SqlText.literal(end.toString()))
                .replace(":'currency'", SqlText.literal(currency)));
    if (known.arrivalMax() != Long.MAX_VALUE) {
      sql.append("\n   AND ").append(known.stays().arrivedSql(known.arrivalMax()));
    }
    if (known.batchLeftOut() != null) {
      sql.append("\n   AND ingested_at <> ")
          .append(SqlText.literal(known.batchLeftOut().toString()));
    }
    return sql.append(';').toString();
  }
}
