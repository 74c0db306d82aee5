-- Promises of each of partitions $3 of topic $1, with id $2: before which offset its balances are applied, and before which one they once
-- were, as far as nodes have noticed.
SELECT partition.number,
       coalesce((SELECT max(next_offset)
                   FROM spendwatch.balances_progress
                  WHERE topic_id = $2
                    AND kafka_partition = partition.number), 0) AS applied,
       coalesce((SELECT max(to_offset)
                   FROM spendwatch.rewinds
                  WHERE topic = $1
                    AND topic_id = $2
                    AND kafka_partition = partition.number), 0) AS once
  FROM unnest($3::integer[]) AS partition (number)
