-- Promises that step $2 is noted to run, and how many tries of it in a row were not done; no row if the turn with fence $1 was lost.
INSERT INTO spendwatch.archive_round_steps AS known (step, state, begun_at)
SELECT $2, 'RUNNING', clock_timestamp()
  FROM (SELECT FROM spendwatch.archive_rounds WHERE fence = $1 AND held_until > clock_timestamp() FOR SHARE) AS held
    ON CONFLICT (step) DO UPDATE
   SET state = excluded.state, begun_at = excluded.begun_at, reason = NULL, retry_at = NULL
RETURNING tries
