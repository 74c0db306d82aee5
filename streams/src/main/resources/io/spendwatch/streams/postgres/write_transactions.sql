-- Promises all or nothing: how far partition $1 is by the write with number $3, and the transactions of a batch without alerts, if the
-- partition is still under epoch $2; else no row at all. Safe to repeat: what is there stays as it was first written. ingested_at is the
-- server's clock, like recorded_at of the versions that rows were held against: no row is older than what it names.
-- The claim is locked, not updated: however old the oldest snapshot is, a write finds one version of it. Whoever claims the partition
-- waits for us; we, having waited for a claim, see its epoch.
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
)
SELECT (SELECT count(*) FROM fence) = 1 AS under_epoch,
       (SELECT count(*) FROM written) AS transactions,
       0::bigint AS alerts
