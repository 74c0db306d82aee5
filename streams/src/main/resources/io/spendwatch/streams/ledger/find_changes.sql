-- Promises the users with a version of the balance that was recorded, or an account that went, after $2 less what may have been under
-- way, or with a version that does not begin before $3; with the earliest such instant, and in every row the time of this statement.
-- Only the users $1, unless there are none; a page at a time: after user $4, at most $5 of them. The cost follows what is new.
SELECT clock.now, found.user_id, found.since
  FROM (SELECT now()) AS clock (now)
  LEFT JOIN (
         SELECT user_id, min(since) AS since
           FROM (
                  SELECT user_id, as_of AS since
                    FROM spendwatch.account_versions
                   WHERE (cardinality($1::text[]) = 0 OR user_id = ANY ($1::text[]))
                     AND (recorded_at > $2::timestamptz - interval '10 minutes' OR as_of >= $3::timestamptz)
                   UNION ALL
                  SELECT user_id, closed_at
                    FROM spendwatch.closed_accounts
                   WHERE (cardinality($1::text[]) = 0 OR user_id = ANY ($1::text[]))
                     AND (closed_at > $2::timestamptz - interval '10 minutes' OR closed_at >= $3::timestamptz)
                ) AS change
          WHERE user_id > $4
          GROUP BY user_id
          ORDER BY user_id
          LIMIT $5
       ) AS found ON true
 ORDER BY found.user_id
