-- Promises how many transactions of user $1 are in partition {partition}, of when the latest of them is, and how many
-- milliseconds ago the last of them came; and whether one is in no roll-up yet. Read by the primary key.
SELECT count(*), max(row.event_time), (extract(epoch FROM clock_timestamp() - max(row.ingested_at)) * 1000)::bigint,
       coalesce(bool_or(EXISTS (SELECT
                                  FROM spendwatch.rollup_feed AS note
                                 WHERE note.written_at = row.ingested_at
                                   AND row.kafka_partition = ANY (note.kafka_partitions)
                                   AND row.event_time BETWEEN note.first_event_time AND note.last_event_time)), false)
  FROM spendwatch.{partition} AS row
 WHERE row.user_id = ?
