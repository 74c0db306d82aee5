-- Promises what find_changes does, of all users, for the rows in the blocks from that of $3 to before that of $4 of both tables; and in
-- every row, besides the time, in which files they are and how many blocks the larger one has. In the order in which rows lie, so that
-- the cost follows the blocks, however many users have changed and whatever they have in common: one instant, or one transaction.
-- What is recorded meanwhile may be missed; it is new for who asks next.
SELECT clock.now, clock.files, clock.blocks, found.user_id, found.since
  FROM (SELECT now(),
               pg_relation_filenode('spendwatch.account_versions') || ' ' || pg_relation_filenode('spendwatch.closed_accounts'),
               greatest(pg_relation_size('spendwatch.account_versions'), pg_relation_size('spendwatch.closed_accounts'))
               / current_setting('block_size')::bigint) AS clock (now, files, blocks)
  LEFT JOIN (
         SELECT user_id, min(since) AS since
           FROM (
                  SELECT user_id, as_of AS since
                    FROM spendwatch.account_versions
                   WHERE ctid >= $3::text::tid AND ctid < $4::text::tid
                     AND (recorded_at > $1::timestamptz - interval '10 minutes' OR as_of >= $2::timestamptz)
                   UNION ALL
                  SELECT user_id, closed_at
                    FROM spendwatch.closed_accounts
                   WHERE ctid >= $3::text::tid AND ctid < $4::text::tid
                     AND (closed_at > $1::timestamptz - interval '10 minutes' OR closed_at >= $2::timestamptz)
                ) AS change
          GROUP BY user_id
       ) AS found ON true
