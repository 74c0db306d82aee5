-- Promises, for each user of $1, all transactions later than that user's bound in $2 and within 48 h of the latest of them, and
-- all of the 24 h before that one, whatever their verdicts, by event time, then by arrival. $3 is 24 h before the least bound: it lets
-- the planner leave out older days.
-- Arrival: a user may have moved to any partition, a lower one too, and what is of a former home was all written before (record 0018); a
-- batch has one instant, and is of one partition.
SELECT asked.user_id,
       entry.transaction_id,
       entry.event_time,
       CASE entry.kind WHEN 'REFUND' THEN -greatest(entry.amount_minor, -9223372036854775807) ELSE entry.amount_minor END,
       entry.currency,
       coalesce(entry.known_version, entry.balance_version, 0)
  FROM unnest($1::text[], $2::timestamptz[]) AS asked (user_id, known_from)
 CROSS JOIN LATERAL (
         SELECT max(event_time) AS event_time
           FROM spendwatch.transactions
          WHERE user_id = asked.user_id
            AND event_time > asked.known_from
            AND event_time > $3::timestamptz
       ) AS latest
 CROSS JOIN LATERAL (
         SELECT transaction_id, event_time, kind, amount_minor, currency, balance_version, known_version, ingested_at,
                kafka_offset
           FROM spendwatch.transactions
          WHERE user_id = asked.user_id
            AND event_time > least(greatest(asked.known_from, latest.event_time - {two_windows}),
                                   latest.event_time - {window})
            AND event_time > $3::timestamptz
       ) AS entry
 ORDER BY asked.user_id, entry.event_time, entry.ingested_at, entry.kafka_offset
