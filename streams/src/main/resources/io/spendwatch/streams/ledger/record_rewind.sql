-- Promises that it is noted that the tables do not know offsets [$4, $5) of partition $3 of topic $1, with id $2, by node $6 at $7, which
-- reads them again by itself if $8. Answers whether they are to be read again.
INSERT INTO spendwatch.rewinds AS noticed (
       topic, topic_id, kafka_partition, from_offset, to_offset, noticed_by, noticed_at, asked_by, asked_at)
SELECT $1, $2, $3, $4, $5, $6, $7::timestamptz, CASE WHEN $8::boolean THEN $6 END, CASE WHEN $8 THEN $7 END
    ON CONFLICT (topic, topic_id, kafka_partition, from_offset, to_offset) DO UPDATE
   SET asked_by = coalesce(noticed.asked_by, excluded.asked_by),
       asked_at = coalesce(noticed.asked_at, excluded.asked_at)
RETURNING asked_at IS NOT NULL
