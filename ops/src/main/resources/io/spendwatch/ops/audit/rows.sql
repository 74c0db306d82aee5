-- Promises in table found each fresh row of audited whose exposure or verdict is not what the rows say that had arrived by then.
--
-- A window of SQL knows event time or arrival, and the rule asks for both. So: what all rows within the 24 hours add up to, which is the
-- answer wherever a user's rows arrived in the order of their event time; and for the others less what had not arrived yet.
-- RANGE takes in both ends: one microsecond, the resolution of timestamptz, keeps the row of exactly 24 hours ago out.
CREATE TEMPORARY TABLE suspect ON COMMIT DROP AS
SELECT user_id, currency, event_time, transaction_id, signed_minor, exposure_minor, balance_minor, verdict, kafka_partition,
       kafka_offset, arrived, window_minor, overtaken
  FROM (
         SELECT audited.*,
                sum(signed_minor) OVER (by_time RANGE BETWEEN '23:59:59.999999' PRECEDING AND CURRENT ROW) AS window_minor,
                max(arrived) OVER by_arrival > arrived AS overtaken,
                lag(event_time) OVER by_arrival = event_time OR lead(event_time) OVER by_arrival = event_time AS tied
           FROM audited
         WINDOW by_time AS (PARTITION BY user_id, currency ORDER BY event_time),
                by_arrival AS (PARTITION BY user_id, currency ORDER BY event_time, arrived)
       ) AS assessed
 WHERE overtaken
    OR user_id IN (SELECT user_id FROM version GROUP BY user_id HAVING min(currency) <> max(currency))
    OR fresh AND (tied OR window_minor <> exposure_minor OR verdict = 'BREACH'
                  OR verdict <> CASE WHEN balance_minor IS NULL THEN 'NO_ACCOUNT'
                                     WHEN exposure_minor > balance_minor THEN 'BREACH'
                                     ELSE 'CLEAR' END);
CREATE INDEX ON suspect (user_id, event_time);
ANALYZE suspect;

-- Rows that arrived after a later one of the same user. latest: the latest event time when they arrived.
CREATE TEMPORARY TABLE late ON COMMIT DROP AS
SELECT user_id, currency, event_time, transaction_id, signed_minor, kafka_partition, kafka_offset, arrived, balance_minor,
       exposure_minor, verdict, fresh, latest, event_time <= latest - {window} AS too_late
  FROM (
         SELECT audited.*,
                max(event_time) OVER (PARTITION BY user_id ORDER BY arrived
                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest
           FROM audited
          WHERE user_id IN (SELECT user_id FROM suspect WHERE overtaken
                            UNION ALL
                            SELECT user_id FROM version GROUP BY user_id HAVING min(currency) <> max(currency))
       ) AS in_turn
 WHERE event_time < latest;
CREATE INDEX ON late (user_id, event_time);
ANALYZE late;

INSERT INTO came_late
SELECT user_id, kafka_partition, max(kafka_offset), max(event_time)
  FROM late
  JOIN span USING (kafka_partition)
 WHERE kafka_offset >= from_offset
 GROUP BY user_id, kafka_partition;

CREATE TEMPORARY TABLE assessed ON COMMIT DROP AS
SELECT suspect.user_id, suspect.currency, suspect.event_time, suspect.transaction_id, suspect.exposure_minor,
       suspect.balance_minor, suspect.verdict, suspect.kafka_partition, suspect.kafka_offset, expected.exposure_minor AS expected_minor,
       CASE WHEN late.too_late THEN 'TOO_LATE'
            WHEN suspect.balance_minor IS NULL THEN 'NO_ACCOUNT'
            WHEN expected.exposure_minor > suspect.balance_minor THEN 'BREACH'
            ELSE 'CLEAR' END AS expected_verdict
  FROM suspect
  LEFT JOIN late USING (user_id, currency, event_time, transaction_id)
 CROSS JOIN LATERAL (
         SELECT suspect.window_minor
                - coalesce((SELECT sum(signed_minor)
                              FROM late AS later
                             WHERE later.user_id = suspect.user_id AND later.currency = suspect.currency
                               AND later.event_time > suspect.event_time - {window}
                               AND later.event_time < suspect.event_time
                               AND later.arrived > suspect.arrived), 0)
                - coalesce((SELECT sum(signed_minor)
                              FROM suspect AS later
                             WHERE later.user_id = suspect.user_id AND later.currency = suspect.currency
                               AND later.event_time = suspect.event_time
                               AND later.arrived > suspect.arrived), 0) AS exposure_minor
       ) AS expected
 WHERE suspect.event_time >= {checkable_from};
CREATE INDEX ON assessed (user_id, event_time);

INSERT INTO found (kind, user_id, transaction_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce)
SELECT 'WRONG_EXPOSURE', user_id, transaction_id, kafka_partition, kafka_offset, event_time,
       spendwatch.to_decimal(expected_minor::bigint, currency) || ' ' || currency,
       spendwatch.to_decimal(exposure_minor, currency) || ' ' || currency,
       'the rows within 24 h before it that had arrived add up to another exposure',
       pg_temp.exposure_sql(user_id, currency, event_time, kafka_partition, kafka_offset)
  FROM assessed
  JOIN span USING (kafka_partition)
 WHERE kafka_offset >= from_offset
   AND expected_minor <> exposure_minor;

INSERT INTO found (kind, user_id, transaction_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce)
SELECT 'WRONG_VERDICT', user_id, transaction_id, kafka_partition, kafka_offset, event_time, expected_verdict, verdict,
       coalesce(format('its exposure is %s, the balance it names %s', spendwatch.to_decimal(expected_minor::bigint, currency),
                       spendwatch.to_decimal(balance_minor, currency)), 'it names no balance'),
       format('SELECT verdict, exposure_minor, balance_minor, balance_version FROM spendwatch.transactions '
              'WHERE user_id = %L AND event_time = %L AND transaction_id = %L', user_id, event_time, transaction_id)
  FROM assessed
  JOIN span USING (kafka_partition)
 WHERE kafka_offset >= from_offset
   AND expected_verdict <> verdict
 UNION ALL
SELECT 'WRONG_VERDICT', user_id, transaction_id, kafka_partition, kafka_offset, event_time, 'TOO_LATE', verdict,
       format('the user''s latest transaction was of %s when it arrived', latest),
       format('SELECT max(event_time) FROM spendwatch.transactions WHERE user_id = %L AND %s', user_id,
              pg_temp.arrived_sql(user_id, kafka_partition, '<', kafka_offset))
  FROM late
 WHERE fresh AND too_late AND verdict <> 'TOO_LATE'
   AND NOT EXISTS (SELECT FROM assessed WHERE assessed.user_id = late.user_id AND assessed.event_time = late.event_time
                                        AND assessed.transaction_id = late.transaction_id);
