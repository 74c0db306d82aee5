-- Promises, for each question and in its order, the version of the balance of user $1 in force for the event time $2: the last one
-- before it, or that the account had gone, else the first; nulls where the user has none. Three probes each.
SELECT version.balance_minor, version.currency, version.balance_version, version.as_of, version.closed_at,
       version.closed_version
  FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS asked (user_id, event_time, place)
  LEFT JOIN LATERAL (
         SELECT *
           FROM ((SELECT 1 AS preference, balance_minor, currency, balance_version, as_of, NULL::timestamptz AS closed_at,
                         NULL::bigint AS closed_version
                    FROM spendwatch.account_versions
                   WHERE user_id = asked.user_id AND as_of < asked.event_time
                   ORDER BY as_of DESC, balance_version DESC
                   LIMIT 1)
                  UNION ALL
                 (SELECT 1, balance_minor, currency, balance_version, as_of, closed_at, closed_version
                    FROM spendwatch.account_versions
                   WHERE user_id = asked.user_id AND closed_at < asked.event_time
                   ORDER BY closed_at DESC, closed_version DESC
                   LIMIT 1)
                  UNION ALL
                 (SELECT 2, balance_minor, currency, balance_version, as_of, NULL, NULL
                    FROM spendwatch.account_versions
                   WHERE user_id = asked.user_id
                   ORDER BY as_of, balance_version
                   LIMIT 1)) AS candidate
          ORDER BY preference, coalesce(closed_at, as_of) DESC, coalesce(closed_version, balance_version) DESC
          LIMIT 1
       ) AS version ON true
 ORDER BY asked.place
