-- Promises every episode of partition $1 that was raised and not cleared.
SELECT user_id, episode_id, min(event_time) FILTER (WHERE type = 'RAISED') AS raised_at
  FROM spendwatch.alerts
 WHERE kafka_partition = $1
 GROUP BY user_id, episode_id
HAVING bool_and(type = 'RAISED')
 ORDER BY user_id
