-- Promises table proven: the users of whom nothing but rows is new, and all of them are right by a shorter way than that of the other
-- scripts; these are in scope_user no more. Each row is held against the one before it, less what left the window between them; the first
-- one against the last that was assessed before, where nothing has come late since, else against its whole window. Who is not proven so, is
-- looked at by the long way, which says what is wrong.
--
-- So nothing may have arrived late, or in another partition; there is one version of the balance, or none; and nobody is in an episode.
CREATE TEMPORARY TABLE new_row ON COMMIT DROP AS
SELECT user_id, kafka_partition, kafka_offset, event_time, currency, signed_minor, exposure_minor, balance_minor, balance_version, verdict,
       lag(event_time) OVER arrivals AS time_before, lag(exposure_minor) OVER arrivals AS exposure_before,
       bool_and(currency = first_currency AND kafka_partition = first_partition) OVER of_user AS is_of_one
  FROM (
         SELECT fresh_row.*, CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END AS signed_minor,
                first_value(currency) OVER of_user AS first_currency, first_value(kafka_partition) OVER of_user AS first_partition
           FROM fresh_row
         WINDOW of_user AS (PARTITION BY user_id)
       ) AS row
 WHERE user_id IN (SELECT user_id FROM scope_user WHERE NOT alerted AND NOT was_open)
WINDOW arrivals AS (PARTITION BY user_id ORDER BY kafka_offset),
       of_user AS (PARTITION BY user_id);
ANALYZE new_row;

-- Of each user's first new row, what was assessed before it: the last row by event time, if it may be relied on, since nothing has come late
-- after it, and nothing was found of the user. is_alone: nothing is in the window.
-- The planner takes it that a user has one row in a day, and would sort that; by the primary key one row is read of however many.
SET LOCAL enable_sort = off;
CREATE TEMPORARY TABLE assessed_before ON COMMIT DROP AS
SELECT first.user_id, before.event_time AS time_before, before.exposure_minor AS exposure_before, before.event_time IS NULL AS is_alone
  FROM (SELECT * FROM new_row WHERE time_before IS NULL) AS first
  LEFT JOIN LATERAL (
         SELECT t.event_time
           FROM spendwatch.transactions AS t
          WHERE t.user_id = first.user_id
            AND t.event_time > first.event_time - {window} AND t.event_time <= first.event_time
            AND NOT (t.kafka_partition = first.kafka_partition AND t.kafka_offset >= first.kafka_offset)
          ORDER BY t.event_time DESC, t.transaction_id DESC
          LIMIT 1
       ) AS latest ON true
  LEFT JOIN LATERAL (
         SELECT t.event_time, t.exposure_minor, t.kafka_partition, t.kafka_offset, t.currency
           FROM spendwatch.transactions AS t
          WHERE t.user_id = first.user_id
            AND t.event_time = latest.event_time
            AND NOT (t.kafka_partition = first.kafka_partition AND t.kafka_offset >= first.kafka_offset)
          ORDER BY t.kafka_offset DESC
          LIMIT 1
       ) AS before ON true
  LEFT JOIN spendwatch.reconciliation_positions AS position ON position.kafka_partition = first.kafka_partition
 WHERE (before.event_time IS NULL
        OR before.kafka_partition = first.kafka_partition AND before.currency = first.currency
           AND before.kafka_offset >= coalesce(position.late_from, 0)
           AND NOT EXISTS (SELECT
                             FROM spendwatch.reconciliation_late AS late
                            WHERE late.user_id = first.user_id
                              AND NOT (late.kafka_partition = before.kafka_partition AND late.kafka_offset < before.kafka_offset)))
   AND NOT EXISTS (SELECT
                     FROM spendwatch.reconciliation_findings AS finding
                    WHERE finding.user_id = first.user_id AND finding.resolved_run_id IS NULL)
   AND NOT EXISTS (SELECT
                     FROM spendwatch.transactions AS later
                    WHERE later.user_id = first.user_id
                      AND later.event_time > first.event_time AND later.event_time <= (SELECT max(stream_time) FROM span)
                      AND NOT (later.kafka_partition = first.kafka_partition AND later.kafka_offset > first.kafka_offset)
                   -- User by user, and not by a join with all rows that there are.
                   OFFSET 0);
SET LOCAL enable_sort = on;
CREATE INDEX ON assessed_before (user_id);
ANALYZE assessed_before;

CREATE TEMPORARY TABLE proven ON COMMIT DROP AS
SELECT row.user_id, min(row.kafka_partition) AS kafka_partition
  FROM (
         SELECT new_row.user_id, kafka_partition, kafka_offset, event_time, currency, signed_minor, exposure_minor, balance_minor,
                balance_version, verdict, is_of_one,
                coalesce(new_row.time_before, assessed_before.time_before) AS time_before,
                coalesce(new_row.exposure_before, assessed_before.exposure_before) AS exposure_before,
                new_row.time_before IS NULL AND coalesce(assessed_before.is_alone, false) AS is_alone
           FROM new_row
           LEFT JOIN assessed_before ON assessed_before.user_id = new_row.user_id AND new_row.time_before IS NULL
       ) AS row
  LEFT JOIN LATERAL (
         SELECT count(*) AS versions, min(balance_version) AS balance_version, min(balance_minor) AS balance_minor, min(currency) AS currency,
                count(closed_at) AS closed
           FROM spendwatch.account_versions
          WHERE user_id = row.user_id
       ) AS known ON true
 CROSS JOIN LATERAL (
         SELECT row.exposure_before + row.signed_minor
                - coalesce(sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END), 0) AS exposure_minor,
                false AS is_overtaken
           FROM spendwatch.transactions AS gone
          WHERE row.time_before IS NOT NULL
            AND gone.user_id = row.user_id
            AND gone.event_time > row.time_before - {window}
            AND gone.event_time <= least(row.event_time - {window}, row.time_before)
            AND gone.kafka_offset < row.kafka_offset
         HAVING row.time_before IS NOT NULL
          UNION ALL
         SELECT row.signed_minor, false
          WHERE row.is_alone
          UNION ALL
         SELECT sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END)
                  FILTER (WHERE inside.event_time <= row.event_time AND inside.kafka_offset <= row.kafka_offset),
                bool_or(inside.event_time > row.event_time AND inside.kafka_offset < row.kafka_offset
                        OR inside.kafka_partition <> row.kafka_partition OR inside.currency <> row.currency)
           FROM spendwatch.transactions AS inside
          WHERE row.time_before IS NULL AND NOT row.is_alone
            AND inside.user_id = row.user_id
            AND inside.event_time > row.event_time - {window}
         HAVING row.time_before IS NULL AND NOT row.is_alone
       ) AS expected
 GROUP BY row.user_id
HAVING bool_and(coalesce(
         row.is_of_one AND row.event_time >= {checkable_from}
         AND (row.time_before IS NULL OR row.event_time >= row.time_before)
         AND row.exposure_minor = expected.exposure_minor
         AND NOT expected.is_overtaken
         AND CASE known.versions WHEN 0 THEN row.balance_version IS NULL AND row.balance_minor IS NULL AND row.verdict = 'NO_ACCOUNT'
                                 WHEN 1 THEN known.closed = 0 AND row.verdict = 'CLEAR' AND row.exposure_minor <= row.balance_minor
                                             AND (row.balance_version, row.balance_minor, row.currency)
                                                 = (known.balance_version, known.balance_minor, known.currency)
                                 ELSE false END, false));

DELETE FROM scope_user WHERE user_id IN (SELECT user_id FROM proven);
ANALYZE scope_user;
