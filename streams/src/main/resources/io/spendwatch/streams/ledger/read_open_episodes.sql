-- Promises every open episode of all users that may be at home in partition $1, a page at a time: after user $2, at most $3 of them.
-- Where the count in force is a multiple of a former one, they come from one partition of that time; else from any. Who is at home
-- there is the caller's to say.
SELECT episode.user_id, episode.episode_id, episode.raised_at
  FROM (
         SELECT $1::integer AS kafka_partition
          UNION
         SELECT partition
           FROM spendwatch.topic_layout AS layout,
                unnest(layout.former) AS count,
                generate_series(0, count - 1) AS partition
          WHERE layout.partitions % count <> 0
             OR partition = $1 % count
       ) AS origin
 CROSS JOIN LATERAL (
         SELECT user_id, episode_id, raised_at
           FROM spendwatch.open_episodes
          WHERE kafka_partition = origin.kafka_partition
            AND user_id > $2
          ORDER BY user_id
          LIMIT $3
       ) AS episode
 ORDER BY episode.user_id
 LIMIT $3
