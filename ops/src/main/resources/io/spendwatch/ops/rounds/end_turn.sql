-- Promises that the turn with fence $1 is free again: its round is noted as complete if $2 is null, else to be tried again in $2
-- milliseconds; no row if it was lost.
UPDATE spendwatch.archive_rounds
   SET holder = NULL,
       held_until = NULL,
       completed_at = CASE WHEN $2::double precision IS NULL THEN clock_timestamp() ELSE completed_at END,
       retry_at = clock_timestamp() + $2 * interval '1 ms'
 WHERE fence = $1
RETURNING fence
