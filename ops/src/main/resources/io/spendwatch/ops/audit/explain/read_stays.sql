-- Promises, where the topic has grown and user $1 has been in several partitions, each stay in one of them, in order of time: the
-- partition, and from which offset on up to before which. Rows tell the order, by the clock of the database server: those of a former home
-- were all written before those of the next. An alert belongs between the rows around its offset; where these are of two stays, or there are
-- none, the clock of who announced it has to do.
WITH entry AS (
  SELECT kafka_partition, kafka_offset, ingested_at AS noted_at, true AS is_row
    FROM spendwatch.transactions
   WHERE user_id = $1
     AND (SELECT cardinality(former) > 0 FROM spendwatch.topic_layout)
   UNION ALL
  SELECT kafka_partition, kafka_offset, detected_at, false
    FROM spendwatch.alerts
   WHERE user_id = $1
     AND (SELECT cardinality(former) > 0 FROM spendwatch.topic_layout)
), step AS (
  SELECT placed.*, kafka_partition <> lag(kafka_partition) OVER (ORDER BY noted_at, kafka_offset) AS is_move
    FROM (
           SELECT kafka_partition, kafka_offset,
                  CASE WHEN is_row THEN noted_at
                       ELSE least(greatest(noted_at, max(noted_at) FILTER (WHERE is_row) OVER up_to),
                                  min(noted_at) FILTER (WHERE is_row) OVER on_from) END AS noted_at
             FROM entry
           WINDOW up_to AS (PARTITION BY kafka_partition ORDER BY kafka_offset),
                  on_from AS (PARTITION BY kafka_partition ORDER BY kafka_offset
                              RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
         ) AS placed
), stay AS (
  SELECT kafka_partition, place, min(kafka_offset) AS first_offset
    FROM (SELECT step.*, count(*) FILTER (WHERE is_move) OVER (ORDER BY noted_at, kafka_offset) AS place FROM step) AS placed
   GROUP BY kafka_partition, place
)
SELECT kafka_partition,
       CASE WHEN lag(place) OVER stays IS NULL THEN -9223372036854775807 ELSE first_offset END,
       lead(first_offset, 1, 9223372036854775807) OVER stays
  FROM stay
 WHERE (SELECT max(place) FROM stay) > 0
WINDOW stays AS (PARTITION BY kafka_partition ORDER BY place)
 ORDER BY place
