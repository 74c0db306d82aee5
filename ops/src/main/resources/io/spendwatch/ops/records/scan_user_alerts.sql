  -- Those of user $8 after the place ($1, $2), not before $3: along alerts_user.
  SELECT *
    FROM spendwatch.alerts
   WHERE user_id = $8
     AND (event_time, alert_id) < ($1, $2)
     AND event_time <= $1
     AND event_time >= $3
   ORDER BY event_time DESC, alert_id DESC
   LIMIT $4
