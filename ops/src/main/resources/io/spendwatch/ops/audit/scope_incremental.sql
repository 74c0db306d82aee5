-- Promises table audited: of each user in scope_user, the rows that what is new can depend on.
CREATE TEMPORARY TABLE audited ON COMMIT DROP AS
SELECT t.user_id, t.currency, t.event_time, t.transaction_id,
       CASE t.kind WHEN 'REFUND' THEN -t.amount_minor ELSE t.amount_minor END AS signed_minor,
       t.exposure_minor, t.balance_minor, t.balance_version, t.verdict, t.kafka_partition, t.kafka_offset,
       {row_arrived} AS arrived, t.ingested_at,
       coalesce(t.known_version, t.balance_version, 0) AS known_version,
       t.kafka_offset >= span.from_offset AND t.event_time >= {checkable_from} AS fresh
  FROM scope_user
 CROSS JOIN LATERAL (
         SELECT *
           FROM spendwatch.transactions
          WHERE user_id = scope_user.user_id
            AND event_time > scope_user.rows_after
       ) AS t
  JOIN span ON span.kafka_partition = t.kafka_partition AND t.kafka_offset < span.to_offset
  {row_moved};
ANALYZE audited;

-- Every version of a balance, in the order in which they are in force: for event times in (in_force_from, in_force_to]. That an account
-- went is one too. place: from 1 for each user.
CREATE TEMPORARY TABLE version ON COMMIT DROP AS
SELECT ordered.*,
       CASE WHEN place = 1 THEN '-infinity' ELSE as_of END AS in_force_from,
       coalesce(lead(as_of) OVER (PARTITION BY user_id ORDER BY place), 'infinity') AS in_force_to
  FROM (
         SELECT known.*, row_number() OVER (PARTITION BY user_id ORDER BY as_of, balance_version, is_closing) AS place
           FROM (
                  SELECT user_id, as_of, balance_version, balance_minor, currency, recorded_at, false AS is_closing
                    FROM spendwatch.account_versions
                   WHERE user_id IN (SELECT user_id FROM scope_user)
                   UNION ALL
                  SELECT user_id, closed_at, closed_version, balance_minor, currency, closed_at, true
                    FROM spendwatch.account_versions
                   WHERE closed_at IS NOT NULL
                     AND user_id IN (SELECT user_id FROM scope_user)
                ) AS known
       ) AS ordered;
CREATE INDEX ON version (user_id, as_of);
ANALYZE version;
