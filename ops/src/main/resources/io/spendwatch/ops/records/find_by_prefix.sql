-- Promises the alert $1, or, where $2 allows it, two of those whose ids begin so; in the order of their ids, so that the alert itself comes
-- first: a range of the primary key.
SELECT alert_id, type, episode_id, user_id, transaction_id, exposure_minor, balance_minor, currency, transactions, event_time,
       detected_at, late, cause, kafka_topic, kafka_partition, kafka_offset, revealed_by, rule, rule_version, window_start
  FROM spendwatch.alerts
 WHERE alert_id >= $1::text
   AND alert_id < $1::text || '~'
   AND ($2::boolean OR alert_id = $1::text)
 ORDER BY alert_id
 LIMIT 2
