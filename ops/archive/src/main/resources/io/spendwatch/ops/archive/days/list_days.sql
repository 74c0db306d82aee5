-- Promises the days (UTC) that have rows and end at or before $1, with how many they have, when the last transaction became durable, and
-- what is noted of them, the oldest first. Counts the transactions of all table partitions, some ten million a second, and goes through
-- the alerts' index by time and all account_versions.
WITH live AS (
  SELECT day, sum(transactions)::bigint AS transactions, sum(alerts)::bigint AS alerts, sum(versions)::bigint AS versions,
         max(written_at) AS written_at
    FROM (
           SELECT (event_time AT TIME ZONE 'UTC')::date AS day, count(*) AS transactions, 0 AS alerts, 0 AS versions,
                  max(ingested_at) AS written_at
             FROM spendwatch.transactions
            WHERE event_time < ?
            GROUP BY 1
            UNION ALL
           SELECT (event_time AT TIME ZONE 'UTC')::date, 0, count(*), 0, NULL
             FROM spendwatch.alerts
            WHERE event_time < ?
            GROUP BY 1
            UNION ALL
           SELECT (as_of AT TIME ZONE 'UTC')::date, 0, 0, count(*), NULL
             FROM spendwatch.account_versions
            WHERE as_of < ?
            GROUP BY 1
         ) AS counted
   GROUP BY day
)
SELECT day, coalesce(live.transactions, 0), coalesce(live.alerts, 0), coalesce(live.versions, 0), live.written_at,
       noted.day IS NOT NULL AS is_archived,
       (noted.table_transactions, noted.table_alerts, noted.table_versions)
         IS NOT DISTINCT FROM (coalesce(live.transactions, 0), coalesce(live.alerts, 0), coalesce(live.versions, 0)) AS is_settled,
       noted.dropped_at IS NOT NULL AS was_dropped
  FROM live
  FULL JOIN spendwatch.archived_days AS noted USING (day)
 ORDER BY day
