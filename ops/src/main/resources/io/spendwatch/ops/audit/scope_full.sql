-- Promises table audited: every settled row of the users in this share ({share} of {shares}), all of them to be assessed.
-- Shares are of users, so that each is complete in itself: they bound what table and sorts take. A table, since the server believes
-- of a share that it is one row in two hundred, and would look up each of the others by itself.
CREATE TEMPORARY TABLE audited ON COMMIT DROP AS
SELECT t.user_id, t.currency, t.event_time, t.transaction_id,
       CASE t.kind WHEN 'REFUND' THEN -t.amount_minor ELSE t.amount_minor END AS signed_minor,
       t.exposure_minor, t.balance_minor, t.balance_version, t.verdict, t.kafka_partition, t.kafka_offset,
       {row_arrived} AS arrived, t.ingested_at,
       coalesce(t.known_version, t.balance_version, 0) AS known_version,
       t.event_time >= {checkable_from} AS fresh
  FROM spendwatch.transactions AS t
  JOIN span ON span.kafka_partition = t.kafka_partition AND t.kafka_offset < span.to_offset
  {row_moved}
 WHERE (hashtext(t.user_id) & 2147483647) % {shares} = {share};
ANALYZE audited;

-- Whose alerts are to be assessed, whatever their rows say; none of them was in an episode before the first of their rows.
CREATE TEMPORARY TABLE scope_user ON COMMIT DROP AS
SELECT user_id, '-infinity'::timestamptz AS rows_after, false AS was_open, true AS alerted
  FROM spendwatch.alerts
 WHERE (hashtext(user_id) & 2147483647) % {shares} = {share}
 GROUP BY user_id;

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
                   WHERE (hashtext(user_id) & 2147483647) % {shares} = {share}
                   UNION ALL
                  SELECT user_id, closed_at, closed_version, balance_minor, currency, closed_at, true
                    FROM spendwatch.account_versions
                   WHERE closed_at IS NOT NULL
                     AND (hashtext(user_id) & 2147483647) % {shares} = {share}
                ) AS known
       ) AS ordered;
CREATE INDEX ON version (user_id, as_of);
ANALYZE version;
