-- Promises the episodes of user $1 that overlap [$2, $3], by their start, the last $4 of them: those with an alert within, those that are
-- open, and the one that began last before.
SELECT *
  FROM (
         SELECT raised.episode_id, raised.event_time, cleared.event_time AS cleared_at, raised.alert_id, cleared.alert_id AS cleared_id,
                raised.transaction_id, raised.exposure_minor, raised.balance_minor, raised.currency, raised.late, cleared.cause
           FROM (
                  SELECT episode_id FROM spendwatch.alerts WHERE user_id = $1 AND event_time BETWEEN $2 AND $3
                   UNION
                  SELECT episode_id FROM spendwatch.open_episodes WHERE user_id = $1
                   UNION
                 (SELECT episode_id
                    FROM spendwatch.alerts
                   WHERE user_id = $1 AND event_time < $2 AND type = 'RAISED'
                   ORDER BY event_time DESC
                   LIMIT 1)
                ) AS near
           JOIN spendwatch.alerts AS raised
             ON raised.user_id = $1 AND raised.episode_id = near.episode_id AND raised.type = 'RAISED'
           LEFT JOIN spendwatch.alerts AS cleared
             ON cleared.user_id = $1 AND cleared.episode_id = near.episode_id AND cleared.type = 'CLEARED'
          WHERE raised.event_time <= $3
            AND (cleared.event_time IS NULL OR cleared.event_time >= $2)
          ORDER BY raised.event_time DESC
          LIMIT $4
       ) AS episode
 ORDER BY event_time, episode_id
