-- Promises that partition $2 of topic $1 is known as one of the topic with id $3, and of the transactions topic that everything before
-- offset $4 is durable, and before offset $5 published, if the partition is still under epoch $6 (null for the other topic, which has
-- none). Answers whether that is so. Takes effect once under an epoch, before its first write: one that comes late does not put back what
-- was written since.
WITH fence AS (
  SELECT kafka_partition, epoch
    FROM spendwatch.claims
   WHERE kafka_partition = $2
     AND epoch = $6
     AND NOT EXISTS (SELECT
                       FROM spendwatch.sources
                      WHERE topic = $1
                        AND kafka_partition = $2
                        AND topic_id = $3
                        AND adopted_under = $6)
     FOR NO KEY UPDATE
), begun AS (
  INSERT INTO spendwatch.progress (
         kafka_partition, epoch, write_no, stream_time, alert_seq, published_alert_seq, next_offset, published_offset, written_at,
         accounts_seen_at)
  SELECT fence.kafka_partition, fence.epoch, 0, before.stream_time, before.alert_seq, before.published_alert_seq, $4, $5,
         before.written_at, before.accounts_seen_at
    FROM fence
    JOIN spendwatch.pipelines AS before USING (kafka_partition)
      ON CONFLICT (kafka_partition, epoch, write_no) DO UPDATE
     SET next_offset = excluded.next_offset,
         published_offset = excluded.published_offset
), adopted AS (
  INSERT INTO spendwatch.sources (topic, kafka_partition, topic_id, adopted_under)
  SELECT $1, $2, $3, $6
   WHERE $6::bigint IS NULL
      OR EXISTS (SELECT FROM fence)
      ON CONFLICT (topic, kafka_partition) DO UPDATE
     SET topic_id = excluded.topic_id,
         adopted_under = excluded.adopted_under
  RETURNING topic
)
SELECT EXISTS (SELECT FROM adopted)
       OR EXISTS (SELECT
                    FROM spendwatch.sources
                   WHERE topic = $1
                     AND kafka_partition = $2
                     AND topic_id = $3
                     AND adopted_under = $6)
