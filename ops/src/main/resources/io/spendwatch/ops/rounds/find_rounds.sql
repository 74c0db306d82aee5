-- Promises whose turn it is, when a round was last complete, when the last one began and when it is tried again, in each row, with a step
-- that ever ran or waited; one row without, where none has. What runs after the turn has run out waits for who takes it.
SELECT CASE WHEN turn.held_until > clock_timestamp() THEN turn.holder END AS holder,
       turn.completed_at, turn.begun_at,
       CASE WHEN turn.held_until <= clock_timestamp() THEN turn.held_until ELSE turn.retry_at END AS retry_at,
       known.step,
       CASE WHEN died.found THEN 'WAITING' ELSE known.state END AS state,
       CASE WHEN died.found THEN 'for another node: ' || coalesce(turn.holder, 'who was at it') || ' has not come back' ELSE known.reason END
         AS reason,
       known.begun_at AS step_begun_at, known.took_ms, known.done_at, known.retry_at AS step_retry_at
  FROM spendwatch.archive_rounds AS turn
  LEFT JOIN spendwatch.archive_round_steps AS known ON true
 CROSS JOIN LATERAL (SELECT known.state = 'RUNNING' AND (turn.held_until > clock_timestamp()) IS NOT TRUE AS found) AS died
