-- Promises where the oldest new transactions are: so many ($1, or those of one note), out of the $2 oldest notes, in $3 partitions of the
-- table at most. A row for each of these.
WITH oldest AS (
  SELECT *,
         sum(transactions) OVER (ORDER BY note_id) - transactions AS before_it,
         min(note_id) OVER (PARTITION BY relation) AS first_of_relation
    FROM (SELECT * FROM spendwatch.rollup_feed ORDER BY note_id LIMIT $2) AS notes
), numbered AS (
  SELECT *, dense_rank() OVER (ORDER BY first_of_relation) AS relation_no
    FROM oldest
)
SELECT relation::bigint, array_agg(note_id) AS note_ids, min(first_place)::text AS first_place, max(last_place)::text AS last_place,
       min(first_event_time) AS first_event_time, max(last_event_time) AS last_event_time, sum(transactions)::bigint AS transactions
  FROM numbered
 WHERE before_it < $1
   AND relation_no <= $3
 GROUP BY relation
