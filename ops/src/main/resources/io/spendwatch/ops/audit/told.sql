-- Promises table work, the rows of all users whose alerts are assessed, told, the alerts, and open_before, who was in an episode before all
-- that is there to be assessed.
CREATE TEMPORARY TABLE concerned ON COMMIT DROP AS
SELECT user_id, bool_or(was_open) AS was_open, max(complete_from) AS complete_from
  FROM (
         SELECT user_id, was_open, greatest(rows_after + {window}, {checkable_from}) AS complete_from
           FROM scope_user
          WHERE alerted
          UNION ALL
         SELECT assessed.user_id, false, greatest(scope_user.rows_after + {window}, {checkable_from})
           FROM assessed
           LEFT JOIN scope_user USING (user_id)
          WHERE 'BREACH' IN (assessed.verdict, assessed.expected_verdict)
          UNION ALL
         SELECT version.user_id, false, greatest(scope_user.rows_after + {window}, {checkable_from})
           FROM version
           LEFT JOIN scope_user USING (user_id)
          WHERE place > 1
            AND as_of > coalesce(scope_user.rows_after, '-infinity')
       ) AS reason
 GROUP BY user_id;
ANALYZE concerned;

CREATE TEMPORARY TABLE work ON COMMIT DROP AS
SELECT audited.*, coalesce(assessed.expected_minor::bigint, audited.exposure_minor) AS own_minor,
       max(audited.event_time) OVER (PARTITION BY audited.user_id ORDER BY audited.arrived
                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest_before
  FROM audited
  JOIN concerned USING (user_id)
  LEFT JOIN assessed USING (user_id, currency, event_time, transaction_id);
CREATE INDEX ON work (user_id, event_time);
ANALYZE work;

-- What was announced to these users, and is settled. knows: the last arrival of which it takes account. Where it names no transaction, its
-- offset is that of the last record of its batch, or of the one that made time pass: the exposure tells which of the user's own rows
-- were known, knows_from the first of them from which on it held. What came in order before its instant was known, unless that row itself
-- made time pass; of the states since, the first one with that exposure is it. Null where no state of the rows has it. So it is where a
-- version that came late revealed it, too. by_version: so it was.
CREATE TEMPORARY TABLE told ON COMMIT DROP AS
SELECT alert.*, alert.partition_seq > span.from_seq AND alert.event_time >= {checkable_from}
         AND alert.detected_at >= {in_time_since} AS fresh,
       alert.late AND alert.revealed_by IS NULL AS by_version,
       CASE WHEN alert.is_of_time THEN reached.knows ELSE alert.arrived END AS knows,
       reached.knows_from
  FROM (
         SELECT alert.*, {alert_arrived} AS arrived, {alert_place} AS stay,
                CASE WHEN late THEN revealed_by IS NULL ELSE transaction_id IS NULL END AS is_of_time
           FROM spendwatch.alerts AS alert
           {alert_moved}
       ) AS alert
  JOIN concerned USING (user_id)
  JOIN span ON span.kafka_partition = alert.kafka_partition AND alert.kafka_offset < span.to_offset
  LEFT JOIN LATERAL (
         SELECT least(next_arrived - 1, alert.arrived) AS knows, arrived AS knows_from
           FROM (
                  SELECT arrived, lead(arrived, 1, 9223372036854775807) OVER arrivals AS next_arrived,
                         sum(signed_minor) OVER arrivals AS exposure_minor,
                         max(arrived) FILTER (WHERE in_order AND arrived <= alert.arrived) OVER () AS known_arrived
                    FROM (
                           SELECT arrived, signed_minor, event_time >= coalesce(latest_before, event_time) AS in_order
                             FROM work
                            WHERE alert.is_of_time
                              AND work.user_id = alert.user_id AND work.currency = alert.currency
                              AND work.event_time > alert.event_time - {window} AND work.event_time <= alert.event_time
                           UNION ALL
                           SELECT -1, 0, true WHERE alert.is_of_time
                         ) AS entry
                  WINDOW arrivals AS (ORDER BY arrived)
                ) AS state
          WHERE state.exposure_minor = alert.exposure_minor
          ORDER BY arrived > alert.arrived, next_arrived - 1 < known_arrived,
                   CASE WHEN next_arrived - 1 < known_arrived THEN -arrived ELSE arrived END
          LIMIT 1
       ) AS reached ON true;
CREATE INDEX ON told (user_id, event_time);
ANALYZE told;

-- Who was in an episode at the end of what can be checked no more, and of what was assessed before: whoever is in debt stays in it without
-- a transaction, so that there may be none left of them to tell it by.
CREATE TEMPORARY TABLE open_before ON COMMIT DROP AS
SELECT user_id
  FROM told
 WHERE NOT fresh
 GROUP BY user_id
HAVING sum(CASE type WHEN 'RAISED' THEN 1 ELSE -1 END) > 0
   AND sum(CASE type WHEN 'RAISED' THEN 1 ELSE -1 END) FILTER (WHERE event_time < {checkable_from}) > 0;
