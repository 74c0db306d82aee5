-- Promises, where the topic has grown and user $1 has been in several partitions, each stay in one of them, in order of time: the
-- partition, and from which offset on up to before which. Rows tell the order, by the clock of the database server: those of a former home
-- were all written before those of the next. Where there are only alerts, the clock of who announced them has to do.
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
), noted AS (
  SELECT entry.*, bool_or(is_row) OVER (PARTITION BY kafka_partition) AS has_rows
    FROM entry
), step AS (
  SELECT kafka_partition, kafka_offset, noted_at,
         kafka_partition <> lag(kafka_partition) OVER (ORDER BY noted_at, kafka_offset) AS is_move
    FROM noted
   WHERE is_row OR NOT has_rows
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
