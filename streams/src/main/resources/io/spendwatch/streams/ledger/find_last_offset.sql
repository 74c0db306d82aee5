-- Promises the highest offset of partition $1 that has a row; null for none. Reads all rows: only for a partition of which it is not noted
-- how far it was read, since a former version wrote for it.
SELECT max(kafka_offset)
  FROM spendwatch.transactions
 WHERE kafka_partition = $1
