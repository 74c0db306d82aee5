-- Promises the offset before which all balances of partition $2 of the topic with id $1 are applied; null where that is not noted.
SELECT max(next_offset)
  FROM spendwatch.balances_progress
 WHERE topic_id = $1
   AND kafka_partition = $2
