-- Promises that the findings of run $1 are kept, $2 of them at most: one row for each, however many runs find it again.
INSERT INTO spendwatch.reconciliation_findings AS known (
       run_id, last_run_id, kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual,
       detail, reproduce)
SELECT DISTINCT ON (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time)
       $1::bigint, $1::bigint, kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual,
       detail, reproduce
  FROM found
 ORDER BY kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time
 LIMIT $2
    ON CONFLICT (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time) WHERE resolved_run_id IS NULL
    DO UPDATE SET last_run_id = excluded.last_run_id, expected = excluded.expected, actual = excluded.actual,
                  detail = excluded.detail, reproduce = excluded.reproduce
