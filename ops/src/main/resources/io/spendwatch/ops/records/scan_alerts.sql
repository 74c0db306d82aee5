  -- After the place ($1, $2), not before $3: along alerts_time.
  SELECT *
    FROM spendwatch.alerts
   WHERE (event_time, alert_id) < ($1, $2)
     AND event_time >= $3
   ORDER BY event_time DESC, alert_id DESC
   LIMIT $4
