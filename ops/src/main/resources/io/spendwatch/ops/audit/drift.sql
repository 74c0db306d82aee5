-- Promises those of the windows ($1 users, $2 currencies, $3 instants, $4 exposures, $5 counts, $6 last offsets assessed, $7 balance
-- versions, $8 open episodes, $11 partitions) that no state of the tables from that offset on explains, with what
-- the tables say. Changed balances and alerts may be on their way: they count when they are older than $10 ms, or than the offset.
-- $9 is the earliest instant. Windows are at home: what is of another partition came before, in a former home.
-- A user whose rows were written by an earlier life of the pipeline may know of more of them than were assessed since: hence any offset.
SELECT asked.user_id, asked.last_offset, asked.at_time,
       format('exposure %s of %s transactions, balance version %s, episode %s',
              coalesce(spendwatch.to_decimal(rows.exposure_minor::bigint, asked.currency::char(3))::text, '-'), rows.entries,
              coalesce(account.balance_version::text, '-'), coalesce(episode.open_id, '-')) AS expected,
       format('exposure %s of %s transactions, balance version %s, episode %s',
              coalesce(spendwatch.to_decimal(asked.exposure_minor, asked.currency::char(3))::text, '-'), asked.entries,
              coalesce(asked.balance_version::text, '-'), coalesce(asked.episode_id, '-')) AS actual,
       format('SELECT * FROM spendwatch.transactions WHERE user_id = %L AND event_time > %L::timestamptz - interval ''{window_text}'' '
              'AND event_time <= %L AND %s', asked.user_id, asked.at_time, asked.at_time,
              format(CASE WHEN rows.is_moved THEN '(kafka_partition <> %1$s OR kafka_offset <= %2$s)' ELSE 'kafka_offset <= %2$s' END,
                     asked.kafka_partition, asked.last_offset)) AS reproduce
  FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::integer[], $6::bigint[], $7::bigint[], $8::text[],
              $11::integer[])
       AS asked (user_id, currency, at_time, exposure_minor, entries, last_offset, balance_version, episode_id, kafka_partition)
 CROSS JOIN LATERAL (
         SELECT coalesce(sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END), 0) AS exposure_minor, count(*) AS entries,
                coalesce(bool_or(kafka_partition <> asked.kafka_partition), false) AS is_moved
           FROM spendwatch.transactions
          WHERE user_id = asked.user_id
            AND (asked.currency IS NULL OR currency = asked.currency::char(3))
            AND event_time > asked.at_time - {window}
            AND event_time <= asked.at_time
            AND event_time > $9::timestamptz - {window}
            AND (kafka_offset <= asked.last_offset OR kafka_partition <> asked.kafka_partition)
       ) AS rows
  LEFT JOIN LATERAL (
         SELECT bool_or((exposure_minor, entries) = (asked.exposure_minor, asked.entries)) AS is_explained
           FROM (
                  SELECT kafka_partition, kafka_offset,
                         sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END) OVER arrivals AS exposure_minor,
                         count(*) OVER arrivals AS entries
                    FROM spendwatch.transactions
                   WHERE (rows.exposure_minor, rows.entries) <> (asked.exposure_minor, asked.entries)
                     AND user_id = asked.user_id
                     AND (asked.currency IS NULL OR currency = asked.currency::char(3))
                     AND event_time > asked.at_time - {window}
                     AND event_time <= asked.at_time
                     AND event_time > $9::timestamptz - {window}
                  WINDOW arrivals AS (ORDER BY kafka_partition = asked.kafka_partition, kafka_offset)
                ) AS arrived
          WHERE kafka_partition = asked.kafka_partition AND kafka_offset > asked.last_offset
       ) AS later ON true
  LEFT JOIN LATERAL (
         -- One that is not in force yet at that instant, such as a user's last one before nothing comes any more, is not shown.
         SELECT balance_version,
                updated_at < clock_timestamp() - $10 * interval '1 millisecond' AND as_of < asked.at_time AS is_settled
           FROM spendwatch.accounts
          WHERE user_id = asked.user_id
       ) AS account ON true
 CROSS JOIN LATERAL (
         SELECT max(episode_id) FILTER (WHERE is_open) AS open_id, coalesce(max(known_at) < asked.last_offset, true) AS is_settled
           FROM (
                  SELECT episode_id, bool_and(type = 'RAISED') AS is_open, max(kafka_offset) FILTER (WHERE kafka_partition = asked.kafka_partition) AS known_at
                    FROM spendwatch.alerts
                   WHERE user_id = asked.user_id
                   GROUP BY episode_id
                ) AS told
       ) AS episode
 WHERE (rows.exposure_minor, rows.entries) <> (asked.exposure_minor, asked.entries) AND NOT coalesce(later.is_explained, false)
    OR account.is_settled AND account.balance_version IS DISTINCT FROM asked.balance_version
    OR episode.is_settled AND episode.open_id IS DISTINCT FROM asked.episode_id
