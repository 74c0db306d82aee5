-- Promises all or nothing: stream time, offsets, transactions and alerts of a batch, if partition $1 is still under epoch $2; else no
-- row at all. Safe to repeat: what is there stays as it was first written. ingested_at is the server's clock, like recorded_at of the
-- versions that rows were held against: no row is older than what it names.
WITH fence AS (
  UPDATE spendwatch.pipelines
     SET stream_time = greatest(stream_time, $3::timestamptz),
         alert_seq = greatest(alert_seq, $4),
         published_alert_seq = greatest(published_alert_seq, $5),
         next_offset = greatest(next_offset, $43),
         published_offset = greatest(published_offset, $44),
         written_at = CASE WHEN cardinality($6::text[]) > 0 THEN $19::timestamptz ELSE written_at END,
         accounts_seen_at = greatest(accounts_seen_at, $41::timestamptz)
   WHERE kafka_partition = $1
     AND epoch = $2
  RETURNING kafka_partition
), written AS (
  INSERT INTO spendwatch.transactions (
         user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, original_transaction_id,
         exposure_minor, balance_minor, balance_version, verdict, kafka_offset, known_version, kafka_partition, ingested_at)
  SELECT row.*, fence.kafka_partition, now()
    FROM fence,
         unnest($6::text[], $7::timestamptz[], $8::text[], $9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[],
                $14::bigint[], $15::bigint[], $16::bigint[], $17::text[], $18::bigint[], $42::bigint[]) AS row
      ON CONFLICT DO NOTHING
  RETURNING 1
), announced AS (
  INSERT INTO spendwatch.alerts (
         alert_id, type, rule, episode_id, user_id, transaction_id, exposure_minor, balance_minor, currency, transactions,
         window_start, event_time, detected_at, late, cause, kafka_topic, kafka_offset, partition_seq, rule_version, revealed_by,
         known_version, kafka_partition)
  SELECT row.*, fence.kafka_partition
    FROM fence,
         unnest($20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::bigint[], $27::bigint[],
                $28::text[], $29::integer[], $30::timestamptz[], $31::timestamptz[], $32::timestamptz[], $33::boolean[],
                $34::text[], $35::text[], $36::bigint[], $37::bigint[], $38::integer[], $39::text[], $40::bigint[]) AS row
      ON CONFLICT DO NOTHING
  RETURNING 1
)
SELECT (SELECT count(*) FROM fence) = 1 AS under_epoch,
       (SELECT count(*) FROM written) AS transactions,
       -- Of the alerts asked for, those that are there in their places: written now, or by the same write before.
       (SELECT count(*) FROM announced)
         + (SELECT count(*)
              FROM unnest($20::text[], $37::bigint[]) AS asked (alert_id, partition_seq)
              JOIN spendwatch.alerts AS stored USING (alert_id, partition_seq)
             WHERE stored.kafka_partition = $1) AS alerts
