-- Promises view audited: every settled row of the users in this share ({share} of {shares}), all of them to be judged.
-- Shares are of users, so that each is complete in itself: they bound what the sorts take.
CREATE TEMPORARY VIEW audited AS
SELECT t.user_id, t.currency, t.event_time, t.transaction_id,
       CASE t.kind WHEN 'REFUND' THEN -t.amount_minor ELSE t.amount_minor END AS signed_minor,
       t.exposure_minor, t.balance_minor, t.balance_version, t.verdict, t.kafka_partition, t.kafka_offset,
       t.event_time >= {checkable_from} AS fresh
  FROM spendwatch.transactions AS t
  JOIN span ON span.kafka_partition = t.kafka_partition AND t.kafka_offset < span.to_offset
 WHERE (hashtext(t.user_id) & 2147483647) % {shares} = {share};

-- Whose alerts are to be judged, whatever their rows say; none of them was in an episode before the first of their rows.
CREATE TEMPORARY TABLE scope_user ON COMMIT DROP AS
SELECT user_id, '-infinity'::timestamptz AS rows_after, false AS was_open, true AS alerted
  FROM spendwatch.alerts
 WHERE (hashtext(user_id) & 2147483647) % {shares} = {share}
 GROUP BY user_id;
