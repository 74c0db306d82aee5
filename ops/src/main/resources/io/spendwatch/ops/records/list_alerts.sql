-- Promises, of the first $4 alerts after a place that the scan gives (see there for $1 to $3), the first $5 that match, the newest first.
-- Each row also has the place of the last alert that was looked at, and how many were; with no match there is one row with that alone,
-- and without any alert there is none. What a null parameter filters by is not filtered by.
--   $6 type, $7 late, $8 user, $9 least excess as a decimal of the alert's currency, $10 only starts of episodes that are open
WITH scanned AS MATERIALIZED (
{scan}
), last AS (
  SELECT event_time, alert_id, (SELECT count(*) FROM scanned) AS scanned
    FROM scanned
   ORDER BY event_time, alert_id
   LIMIT 1
)
SELECT alert.alert_id, alert.type, alert.episode_id, alert.user_id, alert.transaction_id, alert.exposure_minor, alert.balance_minor,
       alert.currency, alert.transactions, alert.event_time, alert.detected_at, alert.late, alert.cause, alert.kafka_topic,
       alert.kafka_partition, alert.kafka_offset, alert.revealed_by, alert.rule, alert.rule_version,
       alert.window_start, last.event_time, last.alert_id, last.scanned
  FROM last
  LEFT JOIN (
         SELECT *
           FROM scanned
          WHERE ($6::text IS NULL OR type = $6)
            AND ($7::boolean IS NULL OR late = $7)
            AND ($8::text IS NULL OR user_id = $8)
            AND ($9::text IS NULL
                 OR spendwatch.to_decimal(exposure_minor, currency) - spendwatch.to_decimal(balance_minor, currency) >= $9::text::numeric)
            AND (NOT $10::boolean
                 OR type = 'RAISED'
                    AND (user_id, episode_id) IN (SELECT user_id, episode_id FROM spendwatch.open_episodes))
          ORDER BY event_time DESC, alert_id DESC
          LIMIT $5
       ) AS alert ON true
 ORDER BY alert.event_time DESC, alert.alert_id DESC
