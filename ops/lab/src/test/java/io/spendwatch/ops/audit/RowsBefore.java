package io.spendwatch.ops.audit;

import io.spendwatch.ops.testing.TestDatabase;
import java.util.Locale;

/**
 * Rows and alerts as they are before something is planted into them: closed, they are so again.
 * Only what has become different is touched: all of them anew, time after time, would leave each
 * audit more dead rows to go through than others. For one thread, and one of them at a time.
 */
final class RowsBefore implements AutoCloseable {
  private static final String PLANTED = "planted";

  private final TestDatabase tables;
  private final String users;

  /**
   * @param users condition on {@code user_id} of those for whom nothing is decided meanwhile
   */
  RowsBefore(TestDatabase tables, String users) {
    this.tables = tables;
    this.users = users;
    tables.execute(
        "CREATE TABLE public.rows_before AS SELECT * FROM spendwatch.transactions WHERE " + users,
        "CREATE TABLE public.alerts_before AS SELECT * FROM spendwatch.alerts WHERE " + users);
  }

  @Override
  public void close() {
    tables.execute(
        String.format(
            Locale.ROOT,
            """
            DELETE FROM spendwatch.transactions
             WHERE (user_id, event_time, transaction_id) IN (
                     SELECT user_id, event_time, transaction_id
                       FROM (SELECT * FROM spendwatch.transactions WHERE %s EXCEPT TABLE public.rows_before) AS changed)
            """,
            users),
        // Not what was announced meanwhile.
        String.format(
            Locale.ROOT,
            """
            DELETE FROM spendwatch.alerts
             WHERE alert_id = '%s'
                OR alert_id IN (
                     SELECT alert_id
                       FROM (TABLE public.alerts_before EXCEPT SELECT * FROM spendwatch.alerts) AS changed)
            """,
            PLANTED),
        "INSERT INTO spendwatch.transactions TABLE public.rows_before EXCEPT SELECT * FROM spendwatch.transactions",
        "INSERT INTO spendwatch.alerts TABLE public.alerts_before EXCEPT SELECT * FROM spendwatch.alerts",
        "DROP TABLE public.rows_before, public.alerts_before");
  }
}
