-- Promises the day for whose begin the users' features are due, from which user on they are to be computed, and the oldest day whose
-- features are kept then; no row where there is nothing to do, or the roll-ups are not that far. $1 is for how many milliseconds of event
-- time the last transactions of the day before are waited for, $2 how many days' features are kept.
SELECT due.as_of, coalesce(version.next_user, '') AS from_user,
       (SELECT min(as_of)
          FROM (SELECT as_of
                  FROM spendwatch.user_features_versions
                 WHERE next_user IS NULL AND as_of < due.as_of
                 ORDER BY as_of DESC
                 LIMIT $2 - 1) AS kept) AS oldest
  FROM (SELECT ((max(hour) - $1 * interval '1 ms') AT TIME ZONE 'UTC')::date AS as_of FROM spendwatch.hourly_spend) AS due
  LEFT JOIN spendwatch.user_features_versions AS version USING (as_of)
 WHERE due.as_of IS NOT NULL
   AND (version.as_of IS NULL OR version.next_user IS NOT NULL)
   AND NOT EXISTS (SELECT FROM spendwatch.rollups WHERE name IN ('hourly_spend', 'daily_users', 'daily_habits') AND NOT built)
   AND coalesce((SELECT min(written_at) FROM spendwatch.rollup_feed) > now() - interval '1 minute', true)
