-- Promises what nodes have noticed of partitions of topic $1 and wait with, where the tables are still as they were then.
SELECT needed.kafka_partition, needed.topic_id, needed.from_offset, needed.to_offset, needed.noticed_by, needed.noticed_at
  FROM spendwatch.rewinds AS needed
  JOIN spendwatch.pipelines AS pipeline USING (kafka_partition)
 WHERE needed.topic = $1
   AND needed.asked_at IS NULL
   AND coalesce(pipeline.next_offset, 0) = needed.from_offset
 ORDER BY needed.kafka_partition
