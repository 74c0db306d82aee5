-- Promises, of table shown, all whose window, balance or episode is not plainly what is stored: drift.sql then looks closer. One pass over
-- the rows where many are shown, since a look at each user's rows by itself reads as many pages as there are rows.
SELECT kafka_partition, shown.user_id
  FROM shown
  LEFT JOIN (
         SELECT shown.user_id, sum(CASE t.kind WHEN 'REFUND' THEN -t.amount_minor ELSE t.amount_minor END) AS exposure_minor,
                count(*) AS entries
           FROM shown
           JOIN spendwatch.transactions AS t
             ON t.user_id = shown.user_id
            AND (shown.currency IS NULL OR t.currency = shown.currency)
            AND t.event_time > shown.at_time - {window}
            AND t.event_time <= shown.at_time
            -- What is of another partition came before, in a former home.
            AND (t.kafka_offset <= shown.last_offset OR t.kafka_partition <> shown.kafka_partition)
          WHERE t.event_time > {earliest} - {window}
          GROUP BY shown.user_id
       ) AS stored ON stored.user_id = shown.user_id
  LEFT JOIN spendwatch.accounts AS account ON account.user_id = shown.user_id
  LEFT JOIN (
         SELECT user_id, max(episode_id) AS episode_id
           FROM (
                  SELECT user_id, episode_id
                    FROM spendwatch.alerts
                   WHERE user_id IN (SELECT user_id FROM shown)
                   GROUP BY user_id, episode_id
                  HAVING bool_and(type = 'RAISED')
                ) AS unended
          GROUP BY user_id
       ) AS open ON open.user_id = shown.user_id
 WHERE (shown.exposure_minor, shown.entries) IS DISTINCT FROM (coalesce(stored.exposure_minor, 0), coalesce(stored.entries, 0))
    OR account.balance_version IS DISTINCT FROM shown.balance_version
    OR open.episode_id IS DISTINCT FROM shown.episode_id
