-- Promises that step $2 is noted to have ended in state $3 for reason $4, and to be tried again in $5 milliseconds (null: with the next
-- round); no row if the turn with fence $1 was lost.
UPDATE spendwatch.archive_round_steps
   SET state = $3,
       reason = $4,
       took_ms = round(extract(epoch FROM clock_timestamp() - begun_at) * 1000),
       done_at = CASE WHEN $3 = 'DONE' THEN clock_timestamp() ELSE done_at END,
       tries = CASE WHEN $3 = 'DONE' THEN 0 ELSE tries + 1 END,
       retry_at = clock_timestamp() + $5 * interval '1 ms'
  FROM (SELECT FROM spendwatch.archive_rounds WHERE fence = $1 AND held_until > clock_timestamp() FOR SHARE) AS held
 WHERE step = $2
RETURNING step
