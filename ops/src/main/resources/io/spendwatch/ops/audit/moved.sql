-- Promises in table moved each stay of those users in this scope ({rows_in_scope} of transactions, {alerts_in_scope} of alerts) who have
-- been in several partitions: from which offset on up to before which, and its place among the user's stays, from 0, in order of time.
--
-- Rows tell the order, by the database server's clock: those of a former home were all written before those of the next. An alert belongs
-- between the rows around its offset. Where these are of two stays, or there are none (nobody but time came), the clock of who announced it
-- has to do.
INSERT INTO moved
WITH entry AS (
  SELECT user_id, kafka_partition, kafka_offset, ingested_at AS noted_at, true AS is_row
    FROM {rows_in_scope}
   UNION ALL
  SELECT user_id, kafka_partition, kafka_offset, detected_at, false
    FROM {alerts_in_scope}
), step AS (
  SELECT placed.*,
         kafka_partition <> lag(kafka_partition) OVER (PARTITION BY user_id ORDER BY noted_at, kafka_offset) AS is_move
    FROM (
           SELECT user_id, kafka_partition, kafka_offset,
                  CASE WHEN is_row THEN noted_at
                       ELSE least(greatest(noted_at, max(noted_at) FILTER (WHERE is_row) OVER up_to),
                                  min(noted_at) FILTER (WHERE is_row) OVER on_from) END AS noted_at
             FROM entry
            WHERE user_id IN (SELECT user_id FROM entry GROUP BY user_id HAVING min(kafka_partition) <> max(kafka_partition))
           WINDOW up_to AS (PARTITION BY user_id, kafka_partition ORDER BY kafka_offset),
                  on_from AS (PARTITION BY user_id, kafka_partition ORDER BY kafka_offset
                              RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
         ) AS placed
), stay AS (
  SELECT user_id, kafka_partition, place, min(kafka_offset) AS first_offset
    FROM (SELECT step.*, count(*) FILTER (WHERE is_move) OVER (PARTITION BY user_id ORDER BY noted_at, kafka_offset) AS place
            FROM step) AS placed
   GROUP BY user_id, kafka_partition, place
)
SELECT user_id, kafka_partition,
       CASE WHEN lag(place) OVER stays IS NULL THEN -9223372036854775807 ELSE first_offset END,
       lead(first_offset, 1, 9223372036854775807) OVER stays,
       place
  FROM stay
WINDOW stays AS (PARTITION BY user_id, kafka_partition ORDER BY place);

ANALYZE moved;
