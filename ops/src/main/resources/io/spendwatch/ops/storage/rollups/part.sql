-- Promises the transactions and alerts with event times in [$1, $2) that are in the roll-ups.
new_row AS (
  SELECT user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, exposure_minor, balance_minor, verdict,
         kafka_partition, kafka_offset, ingested_at
    FROM spendwatch.rolled_up_transactions
   WHERE event_time >= $1 AND event_time < $2
), new_alert AS (
  SELECT type, late, event_time, user_id, currency, kafka_partition, partition_seq
    FROM spendwatch.rolled_up_alerts
   WHERE event_time >= $1 AND event_time < $2
)
