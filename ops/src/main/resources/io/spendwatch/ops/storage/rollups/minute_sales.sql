-- Promises roll-up minute_sales with the transactions of new_row, each changed row with a revision that is greater than any before it,
-- whatever the clock of the server does. Reads the end of an index for it.
minute_sales_revision AS (
  SELECT greatest((SELECT published FROM spendwatch.sales_metrics),
                  (SELECT max(revision) FROM spendwatch.minute_sales),
                  (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS last
), minute_sales AS (
  INSERT INTO spendwatch.minute_sales AS kept (
         minute, merchant, currency, purchases, purchases_minor, refunds, refunds_minor, revision, counted_at)
  SELECT minute, merchant, currency, purchases, purchases_minor, refunds, refunds_minor,
         (SELECT last FROM minute_sales_revision) + row_number() OVER (), clock_timestamp()
    FROM (
           SELECT date_bin('1 minute', event_time, '2000-01-01Z') AS minute, coalesce(merchant, '') AS merchant, currency,
                  count(*) FILTER (WHERE kind = 'PURCHASE') AS purchases,
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'PURCHASE'), 0) AS purchases_minor,
                  count(*) FILTER (WHERE kind = 'REFUND') AS refunds,
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'REFUND'), 0) AS refunds_minor
             FROM new_row
            GROUP BY 1, 2, 3
         ) AS added
      ON CONFLICT (minute, merchant, currency) DO UPDATE
     SET purchases = kept.purchases + excluded.purchases,
         purchases_minor = kept.purchases_minor + excluded.purchases_minor,
         refunds = kept.refunds + excluded.refunds,
         refunds_minor = kept.refunds_minor + excluded.refunds_minor,
         revision = excluded.revision,
         counted_at = excluded.counted_at
)
