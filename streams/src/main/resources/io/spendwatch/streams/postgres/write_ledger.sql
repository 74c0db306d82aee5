-- Promises what write_transactions does, and in the same step the alerts of the batch, with what they say of open episodes.
WITH fence AS (
  SELECT kafka_partition
    FROM spendwatch.claims
   WHERE kafka_partition = $1
     AND epoch = $2
     FOR NO KEY UPDATE
), progressed AS (
  INSERT INTO spendwatch.progress (
         epoch, write_no, stream_time, alert_seq, published_alert_seq, next_offset, published_offset, written_at,
         accounts_seen_at, kafka_partition)
  SELECT $2::bigint, $3::bigint, $4::timestamptz, $5::bigint, $6::bigint, $7::bigint, $8::bigint, $9::timestamptz, $10::timestamptz,
         kafka_partition
    FROM fence
      ON CONFLICT DO NOTHING
), written AS (
  INSERT INTO spendwatch.transactions (
         user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, original_transaction_id,
         exposure_minor, balance_minor, balance_version, verdict, kafka_offset, known_version, kafka_partition, ingested_at)
  SELECT row.*, fence.kafka_partition, now()
    FROM fence,
         unnest($11::text[], $12::timestamptz[], $13::text[], $14::text[], $15::bigint[], $16::text[], $17::text[], $18::text[],
                $19::bigint[], $20::bigint[], $21::bigint[], $22::text[], $23::bigint[], $24::bigint[]) AS row
      ON CONFLICT DO NOTHING
  RETURNING 1
), announced AS (
  INSERT INTO spendwatch.alerts (
         alert_id, type, rule, episode_id, user_id, transaction_id, exposure_minor, balance_minor, currency, transactions,
         window_start, event_time, detected_at, late, cause, kafka_topic, kafka_offset, partition_seq, rule_version, revealed_by,
         known_version, kafka_partition)
  SELECT row.*, fence.kafka_partition
    FROM fence,
         unnest($25::text[], $26::text[], $27::text[], $28::text[], $29::text[], $30::text[], $31::bigint[], $32::bigint[],
                $33::text[], $34::integer[], $35::timestamptz[], $36::timestamptz[], $37::timestamptz[], $38::boolean[],
                $39::text[], $40::text[], $41::bigint[], $42::bigint[], $43::integer[], $44::text[], $45::bigint[]) AS row
      ON CONFLICT DO NOTHING
  RETURNING type, user_id, episode_id, event_time, kafka_partition
), opened AS (
  -- One that begins and ends in the same batch was never open.
  INSERT INTO spendwatch.open_episodes (user_id, episode_id, raised_at, kafka_partition)
  SELECT user_id, episode_id, event_time, kafka_partition
    FROM announced AS raised
   WHERE type = 'RAISED'
     AND NOT EXISTS (SELECT
                       FROM announced AS cleared
                      WHERE cleared.type = 'CLEARED'
                        AND cleared.user_id = raised.user_id
                        AND cleared.episode_id = raised.episode_id)
      ON CONFLICT DO NOTHING
), ended AS (
  DELETE FROM spendwatch.open_episodes AS episode
   USING announced AS cleared
   WHERE cleared.type = 'CLEARED'
     AND episode.user_id = cleared.user_id
     AND episode.episode_id = cleared.episode_id
)
SELECT (SELECT count(*) FROM fence) = 1 AS under_epoch,
       (SELECT count(*) FROM written) AS transactions,
       -- Of the alerts asked for, those that are there in their places: written now, or by the same write before.
       (SELECT count(*) FROM announced)
         + (SELECT count(*)
              FROM unnest($25::text[], $42::bigint[]) AS asked (alert_id, partition_seq)
              JOIN spendwatch.alerts AS stored USING (alert_id, partition_seq)
             WHERE stored.kafka_partition = $1) AS alerts
