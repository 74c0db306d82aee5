-- Promises that the day is noted as it is in the archive now, and as it was in the tables when they were compared.
INSERT INTO spendwatch.archived_days AS noted (
       day, archived_at, revision, transactions, alerts, bytes, table_transactions, table_digest, table_alerts, table_versions)
VALUES (?, clock_timestamp(), ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (day) DO UPDATE
   SET archived_at = CASE WHEN excluded.revision > noted.revision THEN excluded.archived_at ELSE noted.archived_at END,
       revision = excluded.revision,
       transactions = excluded.transactions,
       alerts = excluded.alerts,
       bytes = excluded.bytes,
       table_transactions = excluded.table_transactions,
       table_digest = excluded.table_digest,
       table_alerts = excluded.table_alerts,
       table_versions = excluded.table_versions
