-- Promises the users of whom something was assessed, with their partition.
SELECT kafka_partition, user_id
  FROM audited
 WHERE fresh
 GROUP BY kafka_partition, user_id
 UNION ALL
SELECT kafka_partition, user_id
  FROM proven
