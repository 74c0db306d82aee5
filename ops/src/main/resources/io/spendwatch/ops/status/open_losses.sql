-- Promises the last $1 stretches of lost records that nobody has acknowledged, the newest first.
SELECT topic, kafka_partition, from_offset, to_offset, reason, noticed_by, noticed_at
  FROM spendwatch.lost_records
 WHERE acknowledged_at IS NULL
 ORDER BY noticed_at DESC, topic, kafka_partition, from_offset
 LIMIT $1
