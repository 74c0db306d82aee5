-- Promises tables fresh_row: the rows whose offsets lie in the spans; and scope_user: each user of whom something is new, and from when on
-- that can depend on rows.
-- New are these rows, alerts after from_seq, changes of balances since the run before ({versions_since}, by a BRIN), and the open
-- episodes that the last run left: time may have ended them.

-- The planner takes it that a BRIN finds a stretch here and a stretch there, and of as many as there are partitions of the topic that
-- they are the whole table; all of them lie in the same few blocks.
SET LOCAL enable_seqscan = off;
CREATE TEMPORARY TABLE fresh_row ON COMMIT DROP AS
SELECT t.*
  FROM spendwatch.transactions AS t
 WHERE {fresh};
SET LOCAL enable_seqscan = on;
ANALYZE fresh_row (user_id);

CREATE TEMPORARY TABLE scope_user ON COMMIT DROP AS
SELECT user_id, min(rows_after) AS rows_after, bool_or(was_open) AS was_open, bool_or(alerted) AS alerted
  FROM (
         SELECT user_id, min(event_time) - {two_windows} AS rows_after, false AS was_open, false AS alerted
           FROM fresh_row
          GROUP BY user_id
         UNION ALL
         SELECT alert.user_id, min(alert.event_time) - {two_windows}, false, true
           FROM spendwatch.alerts AS alert
           JOIN span ON span.kafka_partition = alert.kafka_partition
                    AND alert.partition_seq > span.from_seq AND alert.kafka_offset < span.to_offset
          GROUP BY alert.user_id
         UNION ALL
         SELECT user_id, min(as_of) - {two_windows}, false, true
           FROM spendwatch.account_versions
          WHERE recorded_at >= {versions_since}
            AND balance_version > 1
          GROUP BY user_id
         UNION ALL
         SELECT user_id, latest_event_time - {window}, true, true
           FROM spendwatch.reconciliation_open_episodes
       ) AS reason
 GROUP BY user_id;
-- Of many users, all rows are read once; of a few, each one's by itself.
ANALYZE scope_user;
