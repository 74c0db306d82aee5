-- Promises that the transactions in {partition} of user $2 are $1's, those that came until then ($3) and are in the roll-ups, which find
-- the others where they are.
UPDATE spendwatch.{partition} AS row
   SET user_id = ?
 WHERE row.user_id = ?
   AND row.ingested_at <= ?
   AND NOT EXISTS (SELECT
                     FROM spendwatch.rollup_feed AS note
                    WHERE note.written_at = row.ingested_at
                      AND row.kafka_partition = ANY (note.kafka_partitions)
                      AND row.event_time BETWEEN note.first_event_time AND note.last_event_time)
