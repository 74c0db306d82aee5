-- Promises what write_transactions does, and in the same step the alerts of the batches, with what they say of open episodes.
WITH fence AS (
  SELECT asked.*
    FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
                $9::timestamptz[], $10::timestamptz[])
           AS asked (kafka_partition, epoch, write_no, stream_time, alert_seq, published_alert_seq, next_offset, published_offset,
                     written_at, accounts_seen_at)
    JOIN spendwatch.claims AS claim USING (kafka_partition, epoch)
   WHERE asked.write_no = 1
      OR (SELECT true
            FROM spendwatch.progress AS before
           WHERE before.kafka_partition = asked.kafka_partition
             AND before.epoch = asked.epoch
             AND before.write_no = asked.write_no - 1)
   ORDER BY asked.kafka_partition
     FOR NO KEY UPDATE OF claim
), progressed AS (
  INSERT INTO spendwatch.progress (
         kafka_partition, epoch, write_no, stream_time, alert_seq, published_alert_seq, next_offset, published_offset, written_at,
         accounts_seen_at)
  SELECT *
    FROM fence
      ON CONFLICT DO NOTHING
), written AS (
  INSERT INTO spendwatch.transactions (
         user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, original_transaction_id,
         exposure_minor, balance_minor, balance_version, verdict, kafka_offset, known_version, kafka_partition, ingested_at)
  SELECT row.*, now()
    FROM unnest($11::text[], $12::timestamptz[], $13::text[], $14::text[], $15::bigint[], $16::text[], $17::text[], $18::text[],
                $19::bigint[], $20::bigint[], $21::bigint[], $22::text[], $23::bigint[], $24::bigint[], $25::integer[])
           AS row (user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, original_transaction_id,
                   exposure_minor, balance_minor, balance_version, verdict, kafka_offset, known_version, kafka_partition)
   WHERE row.kafka_partition IN (SELECT kafka_partition FROM fence)
  RETURNING kafka_partition, event_time, tableoid AS relation, ctid AS place
), noted AS (
  -- Where the roll-ups find them.
  INSERT INTO spendwatch.rollup_feed (
         written_at, kafka_partitions, relation, first_place, last_place, first_event_time, last_event_time, transactions)
  SELECT now(), array_agg(DISTINCT kafka_partition), relation, min(place), max(place), min(event_time), max(event_time), count(*)
    FROM written
   GROUP BY relation
), announced AS (
  INSERT INTO spendwatch.alerts (
         alert_id, type, rule, episode_id, user_id, transaction_id, exposure_minor, balance_minor, currency, transactions,
         window_start, event_time, detected_at, late, cause, kafka_topic, kafka_offset, partition_seq, rule_version, revealed_by,
         known_version, kafka_partition)
  SELECT row.*
    FROM unnest($26::text[], $27::text[], $28::text[], $29::text[], $30::text[], $31::text[], $32::bigint[], $33::bigint[],
                $34::text[], $35::integer[], $36::timestamptz[], $37::timestamptz[], $38::timestamptz[], $39::boolean[],
                $40::text[], $41::text[], $42::bigint[], $43::bigint[], $44::integer[], $45::text[], $46::bigint[], $47::integer[])
           AS row (alert_id, type, rule, episode_id, user_id, transaction_id, exposure_minor, balance_minor, currency, transactions,
                   window_start, event_time, detected_at, late, cause, kafka_topic, kafka_offset, partition_seq, rule_version,
                   revealed_by, known_version, kafka_partition)
   WHERE row.kafka_partition IN (SELECT kafka_partition FROM fence)
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
SELECT kafka_partition,
       (SELECT count(*) FROM written WHERE written.kafka_partition = fence.kafka_partition) AS transactions,
       -- Of the alerts asked for, those that are there in their places: written now, or by the same write before.
       (SELECT count(*) FROM announced WHERE announced.kafka_partition = fence.kafka_partition)
         + (SELECT count(*)
              FROM unnest($26::text[], $43::bigint[], $47::integer[]) AS asked (alert_id, partition_seq, kafka_partition)
              JOIN spendwatch.alerts AS stored USING (alert_id, partition_seq, kafka_partition)
             WHERE stored.kafka_partition = fence.kafka_partition) AS alerts
  FROM fence
