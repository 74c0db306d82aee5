-- Promises, in order, the stretches of offsets of partition {partition} from {from} up to {to} of which there is no row, and the
-- offsets of which there are two (these as stretches that end before they begin).
SELECT kafka_offset + 1, next_offset - 1
  FROM (
         SELECT kafka_offset, lead(kafka_offset, 1, {to}::bigint) OVER (ORDER BY kafka_offset) AS next_offset
           FROM (
                  SELECT kafka_offset FROM spendwatch.transactions AS t WHERE {fresh}
                  UNION ALL
                  SELECT {from} - 1
                ) AS stored
       ) AS neighbours
 WHERE next_offset <> kafka_offset + 1
 ORDER BY kafka_offset
