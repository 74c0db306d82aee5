-- Promises roll-up user_risk with the transactions of new_row, and as of a later moment: that of the highest event time, unless so much has
-- to leave the last hour before that it goes on with the next step. Touched are the users who come, and those who leave.
user_risk_time AS (
  SELECT as_of, greatest(target, date_trunc('second', (SELECT max(event_time) FROM new_row))) AS target
    FROM spendwatch.user_risk_clock
), user_risk_due AS (
  SELECT second, sum(cardinality(user_ids)) OVER (ORDER BY second) AS so_far
    FROM spendwatch.user_risk_leaving
   WHERE second <= (SELECT target FROM user_risk_time) - interval '1 hour'
), user_risk_move AS (
  SELECT target, moved_to, moved_to - interval '1 hour' AS begin
    FROM user_risk_time
   CROSS JOIN LATERAL (
           SELECT CASE WHEN max(so_far) > 50000
                       THEN coalesce(max(second) FILTER (WHERE so_far <= 50000), min(second)) + interval '1 hour'
                       ELSE target
                  END AS moved_to
             FROM user_risk_due
         ) AS bounded
), user_risk_moved AS (
  UPDATE spendwatch.user_risk_clock AS clock
     SET as_of = move.moved_to, target = move.target
    FROM user_risk_move AS move
   WHERE (clock.as_of, clock.target) IS DISTINCT FROM (move.moved_to, move.target)
), user_risk_unfinished AS (
  UPDATE spendwatch.rollups
     SET unfinished = move.moved_to < move.target
    FROM user_risk_move AS move
   WHERE name = 'user_risk'
     AND unfinished IS DISTINCT FROM (move.moved_to < move.target)
), user_risk_arrived AS MATERIALIZED (
  SELECT user_id, currency, date_trunc('second', event_time - interval '1 microsecond') + interval '1 second' AS second,
         CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END AS signed,
         CASE kind WHEN 'PURCHASE' THEN amount_minor END AS purchase
    FROM new_row
   WHERE event_time > (SELECT begin FROM user_risk_move)
), user_risk_entered AS (
  INSERT INTO spendwatch.user_risk_leaving (second, user_ids, currencies, signed)
  SELECT second, array_agg(user_id::text), array_agg(currency::text), array_agg(signed)
    FROM user_risk_arrived
   GROUP BY second
), user_risk_left AS (
  DELETE FROM spendwatch.user_risk_leaving
   WHERE second <= (SELECT begin FROM user_risk_move)
  RETURNING user_ids, currencies, signed
), user_risk_change AS (
  SELECT user_id, currency, sum(transactions) AS transactions, sum(signed) AS signed
    FROM (
           SELECT user_id, currency, 1 AS transactions, signed::numeric AS signed
             FROM user_risk_arrived
            UNION ALL
           SELECT entry.user_id::varchar(64), entry.currency::char(3), -1, -entry.signed::numeric
             FROM user_risk_left
            CROSS JOIN LATERAL unnest(user_ids, currencies, user_risk_left.signed) AS entry (user_id, currency, signed)
         ) AS entry
   GROUP BY user_id, currency
), user_risk_latest AS (
  SELECT DISTINCT ON (user_id, currency)
         user_id, currency, exposure_minor, balance_minor, event_time, ingested_at, kafka_partition, kafka_offset
    FROM new_row
   ORDER BY user_id, currency, event_time DESC, ingested_at DESC, kafka_partition DESC, kafka_offset DESC
), user_risk_was AS MATERIALIZED (
  -- One by one, by the key: how many users there are must not matter.
  SELECT was.*
    FROM (SELECT user_id, currency FROM user_risk_change UNION SELECT user_id, currency FROM user_risk_latest) AS touched
   CROSS JOIN LATERAL (
           SELECT *
             FROM spendwatch.user_risk AS risk
            WHERE risk.user_id = touched.user_id AND risk.currency = touched.currency
            LIMIT 1
         ) AS was
), user_risk_largest AS (
  -- In the order in which they leave, and of each moment the largest first: kept is what is larger than all that leaves later.
  SELECT user_id, currency, array_agg(purchase ORDER BY second) AS largest, array_agg(second ORDER BY second) AS largest_leave,
         max(purchase) AS purchase
    FROM (
           SELECT user_id, currency, second, purchase,
                  max(purchase) OVER (PARTITION BY user_id, currency ORDER BY second DESC, purchase DESC
                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS later
             FROM (
                    SELECT user_id, currency, second, purchase
                      FROM user_risk_arrived
                     WHERE purchase IS NOT NULL
                     UNION ALL
                    SELECT user_id, currency, known.second, known.purchase
                      FROM user_risk_change
                      JOIN user_risk_was AS risk USING (user_id, currency)
                     CROSS JOIN LATERAL unnest(risk.largest, risk.largest_leave) AS known (purchase, second)
                     WHERE known.second > (SELECT begin FROM user_risk_move)
                  ) AS purchases
         ) AS compared
   WHERE later IS NULL OR purchase > later
   GROUP BY user_id, currency
), user_risk AS (
  INSERT INTO spendwatch.user_risk AS kept (
         user_id, currency, transactions_1h, total_1h_minor, max_1h_minor, exposure_minor, balance_minor, updated_at, decided_at,
         kafka_partition, kafka_offset, largest, largest_leave)
  SELECT user_id, currency, coalesce(was.transactions_1h, 0) + coalesce(change.transactions, 0),
         coalesce(was.total_1h_minor, 0) + coalesce(change.signed, 0),
         CASE WHEN change.user_id IS NULL THEN coalesce(was.max_1h_minor, 0) ELSE coalesce(largest.purchase, 0) END,
         CASE WHEN is_later THEN latest.exposure_minor ELSE was.exposure_minor END,
         CASE WHEN is_later THEN latest.balance_minor ELSE was.balance_minor END,
         CASE WHEN is_later THEN latest.event_time ELSE was.updated_at END,
         CASE WHEN is_later THEN latest.ingested_at ELSE was.decided_at END,
         CASE WHEN is_later THEN latest.kafka_partition ELSE was.kafka_partition END,
         CASE WHEN is_later THEN latest.kafka_offset ELSE was.kafka_offset END,
         CASE WHEN change.user_id IS NULL THEN coalesce(was.largest, '{}') ELSE coalesce(largest.largest, '{}') END,
         CASE WHEN change.user_id IS NULL THEN coalesce(was.largest_leave, '{}') ELSE coalesce(largest.largest_leave, '{}') END
    FROM user_risk_change AS change
    FULL JOIN user_risk_latest AS latest USING (user_id, currency)
    LEFT JOIN user_risk_largest AS largest USING (user_id, currency)
    LEFT JOIN user_risk_was AS was USING (user_id, currency)
   CROSS JOIN LATERAL (
           SELECT latest.event_time IS NOT NULL
                  AND (was.updated_at IS NULL
                       OR (latest.event_time, latest.ingested_at, latest.kafka_partition, latest.kafka_offset)
                          > (was.updated_at, was.decided_at, was.kafka_partition, was.kafka_offset)) AS is_later
         ) AS compared
      ON CONFLICT (user_id, currency) DO UPDATE
     SET transactions_1h = excluded.transactions_1h,
         total_1h_minor = excluded.total_1h_minor,
         max_1h_minor = excluded.max_1h_minor,
         exposure_minor = excluded.exposure_minor,
         balance_minor = excluded.balance_minor,
         updated_at = excluded.updated_at,
         decided_at = excluded.decided_at,
         kafka_partition = excluded.kafka_partition,
         kafka_offset = excluded.kafka_offset,
         largest = excluded.largest,
         largest_leave = excluded.largest_leave
)
