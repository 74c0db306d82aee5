-- Promises every episode that was raised and not cleared, of all users that may be at home in partition $1: where the count in force is
-- a multiple of a former one, they come from one partition of that time; else from any. Who is at home there is the caller's to say.
SELECT user_id, episode_id, min(event_time) FILTER (WHERE type = 'RAISED') AS raised_at
  FROM spendwatch.alerts
 WHERE kafka_partition = ANY (ARRAY(
         SELECT $1::integer
          UNION
         SELECT partition
           FROM spendwatch.topic_layout AS layout,
                unnest(layout.former) AS count,
                generate_series(0, count - 1) AS partition
          WHERE layout.partitions % count <> 0
             OR partition = $1 % count))
 GROUP BY user_id, episode_id
HAVING bool_and(type = 'RAISED')
 ORDER BY user_id
