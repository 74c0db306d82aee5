-- Promises the turn to $1 for $2 milliseconds, if nobody has it, or no longer, and a round is due: $3 milliseconds after the last one
-- began, when that is to be tried again, or at once where it has not ended; null for due in any case. One row with the fence, and whether somebody has left steps in the
-- midst; none where it is not to be had. Touches seven rows.
WITH taken AS (
  UPDATE spendwatch.archive_rounds
     SET fence = fence + 1,
         holder = $1,
         held_until = clock_timestamp() + $2 * interval '1 ms',
         begun_at = clock_timestamp()
   WHERE (held_until IS NULL OR held_until <= clock_timestamp())
     AND ($3::double precision IS NULL
          OR holder IS NOT NULL
          OR coalesce(retry_at, begun_at + $3 * interval '1 ms', '-infinity') <= clock_timestamp())
  RETURNING fence
), left_open AS (
  UPDATE spendwatch.archive_round_steps
     SET state = 'WAITING', reason = 'who was at it has not come back; it is begun again'
   WHERE state = 'RUNNING' AND EXISTS (SELECT FROM taken)
  RETURNING step
)
SELECT fence, EXISTS (SELECT FROM left_open) FROM taken
