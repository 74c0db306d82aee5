-- Promises, for each user of $1, the versions of the balance from the instant in $2 on, and the last before it, by their order; with
-- those whose account went since that one began.
-- Whose newest version begins before that instant, or is the only one, is answered from accounts: one probe, for nearly all.
SELECT asked.user_id, version.balance_minor, version.currency, version.balance_version, version.as_of, version.closed_at,
       version.closed_version
  FROM unnest($1::text[], $2::timestamptz[]) AS asked (user_id, from_instant)
  LEFT JOIN spendwatch.accounts AS account ON account.user_id = asked.user_id
 CROSS JOIN LATERAL (
         SELECT (account.last_version = 1 OR account.as_of < asked.from_instant) IS TRUE AS suffices,
                CASE WHEN (account.last_version = 1 OR account.as_of < asked.from_instant) IS NOT TRUE
                     THEN coalesce((SELECT max(as_of)
                                      FROM spendwatch.account_versions
                                     WHERE user_id = asked.user_id AND as_of < asked.from_instant), '-infinity') END AS floor
       ) AS newest
 CROSS JOIN LATERAL (
         SELECT account.balance_minor, account.currency, account.balance_version, account.as_of, NULL::timestamptz AS closed_at,
                NULL::bigint AS closed_version
          WHERE newest.suffices
          UNION ALL
         SELECT balance_minor, currency, balance_version, as_of, closed_at, closed_version
           FROM spendwatch.account_versions
          WHERE user_id = asked.user_id AND as_of >= newest.floor
          UNION ALL
         SELECT balance_minor, currency, balance_version, as_of, closed_at, closed_version
           FROM spendwatch.account_versions
          WHERE user_id = asked.user_id AND as_of < newest.floor AND closed_at IS NOT NULL AND closed_at >= newest.floor
       ) AS version
 ORDER BY asked.user_id, version.as_of, version.balance_version
