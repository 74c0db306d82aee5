-- Promises table audited: of each user of whom something is new, the rows that what is new can depend on; and scope_user, these users.
-- New are rows whose offsets lie in the spans ({fresh}, which the BRIN of the partitions finds), alerts after from_seq, and the
-- open episodes that the last run left: time may have ended them.
CREATE TEMPORARY TABLE scope_user ON COMMIT DROP AS
SELECT user_id, min(rows_after) AS rows_after, bool_or(was_open) AS was_open, bool_or(alerted) AS alerted
  FROM (
         SELECT t.user_id, min(t.event_time) - interval '48 hours' AS rows_after, false AS was_open, false AS alerted
           FROM spendwatch.transactions AS t
          WHERE {fresh}
          GROUP BY t.user_id
         UNION ALL
         SELECT alert.user_id, min(alert.event_time) - interval '48 hours', false, true
           FROM spendwatch.alerts AS alert
           JOIN span ON span.kafka_partition = alert.kafka_partition
                    AND alert.partition_seq > span.from_seq AND alert.kafka_offset < span.to_offset
          GROUP BY alert.user_id
         UNION ALL
         SELECT user_id, latest_event_time - interval '24 hours', true, true
           FROM spendwatch.reconciliation_open_episodes
       ) AS reason
 GROUP BY user_id;
-- Of many users, all rows are read once; of a few, each one's by itself.
ANALYZE scope_user;

CREATE TEMPORARY TABLE audited ON COMMIT DROP AS
SELECT t.user_id, t.currency, t.event_time, t.transaction_id,
       CASE t.kind WHEN 'REFUND' THEN -t.amount_minor ELSE t.amount_minor END AS signed_minor,
       t.exposure_minor, t.balance_minor, t.balance_version, t.verdict, t.kafka_partition, t.kafka_offset,
       t.kafka_offset >= span.from_offset AND t.event_time >= {checkable_from} AS fresh
  FROM scope_user
 CROSS JOIN LATERAL (
         SELECT *
           FROM spendwatch.transactions
          WHERE user_id = scope_user.user_id
            AND event_time > scope_user.rows_after
       ) AS t
  JOIN span ON span.kafka_partition = t.kafka_partition AND t.kafka_offset < span.to_offset;
ANALYZE audited;
