-- Promises the alert $1; no row where there is none.
SELECT alert_id, type, episode_id, user_id, transaction_id, exposure_minor, balance_minor, currency, transactions, event_time,
       detected_at, late, cause, kafka_topic, kafka_partition, kafka_offset, revealed_by, rule, rule_version, window_start
  FROM spendwatch.alerts
 WHERE alert_id = $1
