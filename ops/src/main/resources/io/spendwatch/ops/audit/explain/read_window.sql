-- Promises the last $8 transactions of user $1 in ($2, $3] and currency $4, by event time, then by arrival, the last one first; with
-- $7 those that were known, without it the others: what had arrived up to $5 ({arrived}: a row's place), and not in the batch written at $6.
-- Each with the sum up to it, and all with the number of all.
SELECT event_time, transaction_id, kind, signed_minor, verdict, kafka_offset,
       (sum(signed_minor) OVER (ORDER BY event_time, {arrived}))::bigint, count(*) OVER ()
  FROM (SELECT *, CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END AS signed_minor
          FROM spendwatch.transactions
         WHERE user_id = $1
           AND event_time > $2
           AND event_time <= $3
           AND currency = $4
           AND ({arrived} <= $5 AND ingested_at IS DISTINCT FROM $6::timestamptz) = $7) AS entry
 ORDER BY event_time DESC, {arrived} DESC
 LIMIT $8
