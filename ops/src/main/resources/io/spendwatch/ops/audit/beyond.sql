-- Promises in table found the rows that no record of the topic can have led to: with offsets at which nothing has been written yet. One
-- finding for a partition, since so many at once mean that it is another topic. By index, as with scope_users.
SET LOCAL enable_seqscan = off;
INSERT INTO found (kind, kafka_partition, kafka_offset, expected, actual, detail, reproduce)
SELECT 'ROW_WITHOUT_RECORD', kafka_partition, min(kafka_offset), 'no row', count(*) || ' rows',
       'the topic has no record with this offset yet, nor beyond it',
       format('SELECT * FROM spendwatch.transactions WHERE kafka_partition = %s AND kafka_offset >= %s', kafka_partition,
              min(kafka_offset))
  FROM spendwatch.transactions AS t
 WHERE {beyond}
 GROUP BY kafka_partition;
SET LOCAL enable_seqscan = on;
