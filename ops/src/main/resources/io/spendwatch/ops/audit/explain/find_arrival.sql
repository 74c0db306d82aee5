-- Promises the transaction of user $1 that arrived with the record at offset $2 of partition $5, if its event time lies from $3 to $4.
SELECT user_id, event_time, transaction_id, kind, amount_minor, currency, exposure_minor, balance_minor, balance_version, verdict,
       kafka_partition, kafka_offset, ingested_at
  FROM spendwatch.transactions
 WHERE user_id = $1
   AND kafka_partition = $5
   AND kafka_offset = $2
   AND event_time BETWEEN $3 AND $4
