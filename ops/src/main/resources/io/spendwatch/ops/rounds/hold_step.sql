-- Promises that step $2 is noted to wait for reason $3, for $4 milliseconds; no row if the turn with fence $1 was lost.
INSERT INTO spendwatch.archive_round_steps AS known (step, state, reason, retry_at)
SELECT $2, 'WAITING', $3, clock_timestamp() + $4 * interval '1 ms'
  FROM (SELECT FROM spendwatch.archive_rounds WHERE fence = $1 AND held_until > clock_timestamp() FOR SHARE) AS held
    ON CONFLICT (step) DO UPDATE
   SET state = excluded.state, reason = excluded.reason, retry_at = excluded.retry_at
RETURNING step
