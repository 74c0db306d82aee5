package io.spendwatch.ops.lab.bench;

import io.spendwatch.ops.lab.bench.site.Installation;
import io.spendwatch.ops.lab.bench.site.Touch;
import java.util.Locale;

/** The stored past of many users: transactions at equal intervals over the last 24 h. */
public final class History {
  static final String PREFIX = "past-";

  private History() {}

  /** Writes it, with accounts that nobody exceeds, as fast as PostgreSQL makes it up. */
  public static void write(Installation on, Benchmark.Size size) {
    String now = "timestamptz '" + on.now() + "'";
    on.execute(
        String.format(
            Locale.ROOT,
            "SELECT spendwatch.ensure_partitions(ARRAY[%s - interval '1 day', %s])",
            now,
            now),
        String.format(
            Locale.ROOT,
            """
        INSERT INTO spendwatch.accounts (user_id, username, currency, balance_minor, as_of, updated_at)
        SELECT '%s' || u, 'user ' || u, 'USD', 1000000000, %s - interval '30 days', %s
          FROM generate_series(1, %d) AS u
        """,
            PREFIX,
            now,
            now,
            size.users()),
        // By time, as they would have come: the rows of one user are far apart.
        String.format(
            Locale.ROOT,
            """
        INSERT INTO spendwatch.transactions
               (user_id, event_time, transaction_id, kind, amount_minor, currency, exposure_minor,
                balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at)
        SELECT '%s' || u, %s - interval '1 day' + k * interval '1 day' / (%d + 1), 'tx-' || u || '-' || k,
               'PURCHASE', %d, 'USD', %d * k, 1000000000, 1, 'CLEAR', (u - 1) %% %d, k * %d + u, %s
          FROM generate_series(1, %d) AS k, generate_series(1, %d) AS u
        """,
            PREFIX,
            now,
            size.entries(),
            Touch.AMOUNT_MINOR,
            Touch.AMOUNT_MINOR,
            Installation.PARTITIONS,
            size.users(),
            now,
            size.entries(),
            size.users()),
        "ANALYZE spendwatch.transactions",
        "ANALYZE spendwatch.accounts");
    on.writeDown();
  }
}
