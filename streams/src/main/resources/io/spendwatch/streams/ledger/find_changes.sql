-- Promises the users with a version of the balance that was recorded, or an account that went, after $2 less what may have been under
-- way, or with a version that does not begin before $3; with the earliest such instant and how many there are, and in every row the time
-- of this statement. Only of the users $1, unless there are none; $4 versions at most, whichever come first (null for all of them):
-- who finds that many goes through the tables with walk_changes. The cost follows what is new, and that limit.
SELECT clock.now, found.user_id, found.since, found.versions
  FROM (SELECT now()) AS clock (now)
  LEFT JOIN (
         SELECT user_id, min(since) AS since, count(*) AS versions
           FROM (
                  (SELECT user_id, as_of AS since
                     FROM spendwatch.account_versions
                    WHERE (cardinality($1::text[]) = 0 OR user_id = ANY ($1::text[]))
                      AND (recorded_at > $2::timestamptz - interval '10 minutes' OR as_of >= $3::timestamptz)
                    LIMIT $4::bigint)
                   UNION ALL
                  (SELECT user_id, closed_at
                     FROM spendwatch.closed_accounts
                    WHERE (cardinality($1::text[]) = 0 OR user_id = ANY ($1::text[]))
                      AND (closed_at > $2::timestamptz - interval '10 minutes' OR closed_at >= $3::timestamptz)
                    LIMIT $4::bigint)
                ) AS change
          GROUP BY user_id
       ) AS found ON true
