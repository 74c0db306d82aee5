-- Promises the alerts of partition $1 after place $2 of its sequence, in order, at most $3 of them.
SELECT partition_seq, alert_id, type, episode_id, user_id, transaction_id, exposure_minor, balance_minor, currency,
       transactions, event_time, detected_at, late, cause, kafka_topic, kafka_partition, kafka_offset, revealed_by,
       rule, rule_version, window_start
  FROM spendwatch.alerts
 WHERE kafka_partition = $1
   AND partition_seq > $2
 ORDER BY partition_seq
 LIMIT $3
