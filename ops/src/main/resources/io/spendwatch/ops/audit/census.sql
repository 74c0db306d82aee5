-- Promises, for each partition, how many of its settled rows are new, which offsets they have (their sum and exclusive or, which a
-- whole stretch of offsets has and hardly another set of as many), and the highest event time among them.
SELECT t.kafka_partition, count(*), sum(t.kafka_offset)::text, bit_xor(t.kafka_offset), max(t.event_time)
  FROM spendwatch.transactions AS t
 WHERE {fresh}
 GROUP BY t.kafka_partition
