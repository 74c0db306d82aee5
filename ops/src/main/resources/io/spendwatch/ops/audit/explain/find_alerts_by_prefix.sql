-- Promises the alerts whose ids begin with $1, at most $2 of them, in the order of their ids: a range of the primary key.
SELECT alert_id, type, episode_id, user_id, transaction_id, exposure_minor, balance_minor, currency, transactions, event_time,
       detected_at, late, cause, kafka_topic, kafka_partition, kafka_offset, revealed_by, rule, rule_version, window_start
  FROM spendwatch.alerts
 WHERE alert_id >= $1 AND alert_id < $1 || '~'
 ORDER BY alert_id
 LIMIT $2
