-- Promises that the offsets [$4, $5) of partition $3 of topic $1, whose id was $2, are noted as lost: each once, whoever notices it and
-- however often, and none of which there is a row, as offsets below $9 may have one. $5 is null where nobody knows how far the
-- topic reached. Answers the stretches that were not noted before.
-- Where rows are looked for it is in what one life had written and not published, by the index of positions.
WITH lost AS (
  SELECT int8multirange(int8range($4::bigint, $5::bigint))
         - coalesce((SELECT range_agg(int8range(from_offset, to_offset))
                       FROM spendwatch.lost_records
                      WHERE topic = $1
                        AND topic_id = $2
                        AND kafka_partition = $3), '{}')
         - coalesce((SELECT range_agg(int8range(kafka_offset, kafka_offset + 1))
                       FROM spendwatch.transactions
                      WHERE $4::bigint < $9::bigint
                        AND kafka_offset >= $4
                        AND kafka_offset < least($5, $9)
                        AND spendwatch.record_position(kafka_partition, kafka_offset) >= spendwatch.record_position($3, $4)
                        AND spendwatch.record_position(kafka_partition, kafka_offset) < spendwatch.record_position($3, least($5, $9))),
                    '{}') AS offsets
)
INSERT INTO spendwatch.lost_records (
       topic, topic_id, kafka_partition, from_offset, to_offset, reason, noticed_by, noticed_at)
SELECT $1, $2, $3, lower(stretch), upper(stretch), $6, $7, $8
  FROM lost, unnest(offsets) AS stretch
 WHERE $5::bigint IS NOT NULL
    OR NOT EXISTS (SELECT FROM spendwatch.lost_records
                    WHERE topic = $1 AND topic_id = $2 AND kafka_partition = $3 AND to_offset IS NULL)
    ON CONFLICT DO NOTHING
RETURNING from_offset, to_offset
