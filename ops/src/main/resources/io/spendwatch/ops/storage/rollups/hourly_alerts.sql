-- Promises roll-up hourly_alerts with the alerts of new_alert.
hourly_alerts AS (
  INSERT INTO spendwatch.hourly_alerts AS kept (hour, type, late, alerts)
  SELECT date_bin('1 hour', event_time, '2000-01-01Z'), type, late, count(*)
    FROM new_alert
   GROUP BY 1, 2, 3
      ON CONFLICT (hour, type, late) DO UPDATE
     SET alerts = kept.alerts + excluded.alerts
)
