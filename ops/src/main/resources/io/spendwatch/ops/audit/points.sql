-- Promises, for users with several versions of a balance, where among their rows these are points (placed), and where it is in doubt
-- which of them were known (doubt).
--
-- Each row says up to which number versions were known when it was assessed. Where the first row behind a version did not know of it, it
-- came late, and what was decided from there on is in doubt up to the last row that did not.
CREATE TEMPORARY TABLE several ON COMMIT DROP AS
SELECT user_id
  FROM concerned
 WHERE EXISTS (SELECT FROM version WHERE version.user_id = concerned.user_id AND place > 1)
    OR EXISTS (SELECT FROM version WHERE version.user_id = concerned.user_id)
       AND EXISTS (SELECT FROM work WHERE work.user_id = concerned.user_id AND work.balance_version IS NULL);
ANALYZE several;

CREATE TEMPORARY TABLE known ON COMMIT DROP AS
SELECT user_id, kafka_partition, kafka_offset, arrived, ingested_at, greatest(event_time, latest_before) AS latest,
       coalesce(event_time <= latest_before - {window}, false) AS too_late,
       max(known_version) OVER (PARTITION BY user_id ORDER BY arrived) AS known_version
  FROM work
  JOIN several USING (user_id);
CREATE INDEX ON known (user_id, latest, arrived);
CREATE INDEX ON known (user_id, arrived);
ANALYZE known;

-- after_arrival: of the last row with which the user's time had not passed the version; none before all rows.
CREATE TEMPORARY TABLE placed ON COMMIT DROP AS
SELECT version.*, row.arrived AS after_arrival, row.kafka_partition, row.kafka_offset, row.latest
  FROM version
  JOIN several USING (user_id)
  LEFT JOIN LATERAL (
         SELECT kafka_partition, kafka_offset, arrived, latest
           FROM known
          WHERE known.user_id = version.user_id
            AND known.latest <= version.as_of
            AND NOT known.too_late
            AND version.place > 1
          ORDER BY latest DESC, arrived DESC
          LIMIT 1
       ) AS row ON true;

CREATE TEMPORARY TABLE doubt ON COMMIT DROP AS
SELECT placed.user_id, coalesce(after_arrival, -1) AS after_arrival, CASE WHEN place = 1 THEN '-infinity' ELSE as_of END AS as_of,
       coalesce((SELECT max(arrived)
                   FROM known
                  WHERE known.user_id = placed.user_id
                    AND known.arrived > coalesce(after_arrival, -1)
                    AND known.known_version < placed.balance_version),
                after_arrival, -1) AS last_arrival
  FROM placed
  LEFT JOIN LATERAL (
         SELECT *
           FROM known
          WHERE known.user_id = placed.user_id
            AND known.arrived > coalesce(after_arrival, -1)
          ORDER BY arrived
          LIMIT 1
       ) AS next ON true
 WHERE next.known_version < placed.balance_version
    -- Something was announced behind it before it was known.
    OR EXISTS (SELECT FROM told
                WHERE told.user_id = placed.user_id AND NOT told.late AND told.event_time >= placed.as_of
                  AND coalesce(told.known_version, 0) < placed.balance_version)
 UNION ALL
-- What a version revealed was announced before, between or after the rows of its batch, whose last record's offset it has. The rows of
-- a batch have one ingested_at. Where it had none of this user, the batch before is in doubt for nothing.
SELECT told.user_id, min(known.arrived) - 1, '-infinity', max(known.arrived)
  FROM told
 CROSS JOIN LATERAL (
         SELECT ingested_at
           FROM known
          WHERE known.user_id = told.user_id
            AND known.arrived <= told.arrived
          ORDER BY arrived DESC
          LIMIT 1
       ) AS last
  JOIN known ON known.user_id = told.user_id AND known.ingested_at = last.ingested_at
 WHERE told.by_version
 GROUP BY told.user_id, told.alert_id
 UNION ALL
-- What was decided before balances were events in time.
SELECT user_id, -1, '-infinity', max(arrived)
  FROM known
 WHERE ingested_at < {in_time_since}
 GROUP BY user_id;
CREATE INDEX ON doubt (user_id);
ANALYZE doubt;
