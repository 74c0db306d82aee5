-- Promises what is noted of each day in the archive, the newest first.
SELECT day, archived_at, revision, transactions, alerts, bytes, table_transactions, dropped_at, kept_until
  FROM spendwatch.archived_days
 ORDER BY day DESC
