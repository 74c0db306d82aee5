  -- The starts of open episodes after the place ($1, $2), not before $3: along open_episodes_raised, each looked up by alerts_episode.
  SELECT alert.*
    FROM spendwatch.open_episodes AS open
   CROSS JOIN LATERAL (
           SELECT *
             FROM spendwatch.alerts
            WHERE user_id = open.user_id
              AND episode_id = open.episode_id
              AND type = 'RAISED'
            LIMIT 1
         ) AS alert
   WHERE open.raised_at <= $1
     AND open.raised_at >= $3
     AND (open.raised_at, alert.alert_id) < ($1, $2)
   ORDER BY open.raised_at DESC, alert.alert_id DESC
   LIMIT $4
