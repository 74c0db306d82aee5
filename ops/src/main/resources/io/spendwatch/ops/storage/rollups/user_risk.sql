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
  SELECT user_id, currency, date_bin('1 second', event_time - interval '1 microsecond', '2000-01-01Z') + interval '1 second' AS second,
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
  SELECT user_id, currency, sum(transactions) AS transactions, sum(signed) AS signed,
         array_agg(purchase ORDER BY purchase DESC, second DESC) FILTER (WHERE purchase IS NOT NULL) AS largest,
         array_agg(second ORDER BY purchase DESC, second DESC) FILTER (WHERE purchase IS NOT NULL) AS largest_leave
    FROM (
           SELECT user_id, currency, 1 AS transactions, signed, second, purchase
             FROM user_risk_arrived
            UNION ALL
           SELECT entry.user_id::varchar(64), entry.currency::char(3), -1, -entry.signed, NULL, NULL
             FROM user_risk_left
            CROSS JOIN LATERAL unnest(user_ids, currencies, user_risk_left.signed) AS entry (user_id, currency, signed)
         ) AS entry
   GROUP BY user_id, currency
), user_risk_latest AS (
  SELECT DISTINCT ON (user_id, currency)
         user_id, currency, exposure_minor, balance_minor, event_time AS updated_at, ingested_at AS decided_at, kafka_partition, kafka_offset
    FROM new_row
   ORDER BY user_id, currency, event_time DESC, ingested_at DESC, kafka_partition DESC, kafka_offset DESC
), user_risk_changed AS (
  -- Who only leaves is there: of such a row nothing is later than what is known.
  INSERT INTO spendwatch.user_risk AS kept (
         user_id, currency, transactions_1h, total_1h_minor, max_1h_minor, exposure_minor, balance_minor, updated_at, decided_at,
         kafka_partition, kafka_offset, largest, largest_leave)
  SELECT user_id, currency, change.transactions, change.signed, coalesce(change.largest[1], 0), coalesce(latest.exposure_minor, 0),
         latest.balance_minor, coalesce(latest.updated_at, '-infinity'), coalesce(latest.decided_at, '-infinity'),
         coalesce(latest.kafka_partition, -1), coalesce(latest.kafka_offset, -1), coalesce(change.largest, '{}'),
         coalesce(change.largest_leave, '{}')
    FROM user_risk_change AS change
    LEFT JOIN user_risk_latest AS latest USING (user_id, currency)
   ORDER BY user_id, currency
      ON CONFLICT (user_id, currency) DO UPDATE
     SET transactions_1h = kept.transactions_1h + excluded.transactions_1h,
         total_1h_minor = kept.total_1h_minor + excluded.total_1h_minor,
         -- The first is the largest. While it is there, and nothing as large comes, others are only added, up to 12; else those go that have
         -- left, or leave before one as large.
         (largest, largest_leave, max_1h_minor) = (
           SELECT kept.largest || excluded.largest, kept.largest_leave || excluded.largest_leave, kept.max_1h_minor
            WHERE kept.largest_leave[1] > (SELECT begin FROM user_risk_move)
              AND excluded.max_1h_minor < kept.max_1h_minor
              AND cardinality(kept.largest) + cardinality(excluded.largest) <= 12
            UNION ALL
           SELECT coalesce(array_agg(purchase ORDER BY second), '{}'), coalesce(array_agg(second ORDER BY second), '{}'),
                  coalesce(max(purchase), 0)
             FROM (
                    SELECT second, purchase,
                           max(purchase) OVER (ORDER BY second DESC, purchase DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS later
                      FROM unnest(kept.largest || excluded.largest, kept.largest_leave || excluded.largest_leave) AS known (purchase, second)
                     WHERE second > (SELECT begin FROM user_risk_move)
                  ) AS compared
            WHERE later IS NULL OR purchase > later
           HAVING kept.largest = '{}'
               OR kept.largest_leave[1] <= (SELECT begin FROM user_risk_move)
               OR excluded.max_1h_minor >= kept.max_1h_minor
               OR cardinality(kept.largest) + cardinality(excluded.largest) > 12),
         (exposure_minor, balance_minor, updated_at, decided_at, kafka_partition, kafka_offset) = (
           SELECT excluded.exposure_minor, excluded.balance_minor, excluded.updated_at, excluded.decided_at, excluded.kafka_partition,
                  excluded.kafka_offset
            WHERE (excluded.updated_at, excluded.decided_at, excluded.kafka_partition, excluded.kafka_offset)
                  > (kept.updated_at, kept.decided_at, kept.kafka_partition, kept.kafka_offset)
            UNION ALL
           SELECT kept.exposure_minor, kept.balance_minor, kept.updated_at, kept.decided_at, kept.kafka_partition, kept.kafka_offset
            WHERE (excluded.updated_at, excluded.decided_at, excluded.kafka_partition, excluded.kafka_offset)
                  <= (kept.updated_at, kept.decided_at, kept.kafka_partition, kept.kafka_offset))
), user_risk AS (
  INSERT INTO spendwatch.user_risk AS kept (
         user_id, currency, transactions_1h, total_1h_minor, max_1h_minor, exposure_minor, balance_minor, updated_at, decided_at,
         kafka_partition, kafka_offset, largest, largest_leave)
  SELECT user_id, currency, 0, 0, 0, latest.exposure_minor, latest.balance_minor, latest.updated_at, latest.decided_at,
         latest.kafka_partition, latest.kafka_offset, '{}', '{}'
    FROM user_risk_latest AS latest
   WHERE latest.updated_at <= (SELECT begin FROM user_risk_move)
     AND NOT EXISTS (SELECT FROM user_risk_change AS change WHERE change.user_id = latest.user_id AND change.currency = latest.currency)
   ORDER BY user_id, currency
      ON CONFLICT (user_id, currency) DO UPDATE
     SET exposure_minor = excluded.exposure_minor,
         balance_minor = excluded.balance_minor,
         updated_at = excluded.updated_at,
         decided_at = excluded.decided_at,
         kafka_partition = excluded.kafka_partition,
         kafka_offset = excluded.kafka_offset
   WHERE (excluded.updated_at, excluded.decided_at, excluded.kafka_partition, excluded.kafka_offset)
         > (kept.updated_at, kept.decided_at, kept.kafka_partition, kept.kafka_offset)
)
