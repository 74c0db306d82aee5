-- Promises the id of the topic that partition $2 of topic $1 was last read as; no row before any.
SELECT topic_id
  FROM spendwatch.sources
 WHERE topic = $1
   AND kafka_partition = $2
