-- Promises in table moved each stay of those users in this scope ({rows_in_scope} of transactions, {alerts_in_scope} of alerts) who have
-- been in several partitions: from which offset on up to before which, and its place among the user's stays, from 0, in order of time.
--
-- Rows tell the order, by the database server's clock: those of a former home were all written before those of the next. Where a user has
-- alerts but no rows, the clock of who announced them has to do: there nobody but time came.
INSERT INTO moved
WITH entry AS (
  SELECT user_id, kafka_partition, kafka_offset, ingested_at AS noted_at, true AS is_row
    FROM {rows_in_scope}
   UNION ALL
  SELECT user_id, kafka_partition, kafka_offset, detected_at, false
    FROM {alerts_in_scope}
), noted AS (
  SELECT entry.*, bool_or(is_row) OVER (PARTITION BY user_id, kafka_partition) AS has_rows
    FROM entry
   WHERE user_id IN (SELECT user_id FROM entry GROUP BY user_id HAVING min(kafka_partition) <> max(kafka_partition))
), step AS (
  SELECT user_id, kafka_partition, kafka_offset, noted_at,
         kafka_partition <> lag(kafka_partition) OVER (PARTITION BY user_id ORDER BY noted_at, kafka_offset) AS is_move
    FROM noted
   WHERE is_row OR NOT has_rows
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
