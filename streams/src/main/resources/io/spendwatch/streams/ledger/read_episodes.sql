-- Promises, for each user of $1, the open episode and those that ended later than 48 h before that user's bound in $2,
-- by their start. However many there have been: probes of open_episodes and of what ended since.
SELECT asked.user_id, episode.episode_id, episode.raised_at, episode.cleared_at, episode.known_version
  FROM unnest($1::text[], $2::timestamptz[]) AS asked (user_id, known_from)
 CROSS JOIN LATERAL (
         SELECT episode_id
           FROM spendwatch.open_episodes
          WHERE user_id = asked.user_id
          UNION
         SELECT episode_id
           FROM spendwatch.alerts
          WHERE user_id = asked.user_id
            AND event_time > asked.known_from - {two_windows}
            AND type = 'CLEARED'
       ) AS recent
 CROSS JOIN LATERAL (
         SELECT recent.episode_id,
                min(event_time) FILTER (WHERE type = 'RAISED') AS raised_at,
                max(event_time) FILTER (WHERE type = 'CLEARED') AS cleared_at,
                coalesce(max(known_version), 0) AS known_version
           FROM spendwatch.alerts
          WHERE user_id = asked.user_id
            AND episode_id = recent.episode_id
       ) AS episode
 WHERE episode.cleared_at IS NULL
    OR episode.cleared_at > asked.known_from - {two_windows}
 ORDER BY asked.user_id, episode.raised_at
