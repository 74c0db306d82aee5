-- Promises of several partitions $1, of each for itself, all or nothing: how far it is by the write with number $3, and the transactions
-- of its batch without alerts, if it is still under epoch $2. A row for each of which that is so, no other: one that has lost its epoch
-- takes none with it. What is assessed as new is new, and nobody else writes under this epoch: so no row is looked for before it is
-- inserted, which saves a quarter of what a row costs here. One that is there all the same fails the statement, whole: this write was
-- made before, and its answer lost. Then write_again is for it. ingested_at is the server's clock, like recorded_at of the versions that
-- rows were held against: no row is older than what it names. Where the new rows are is noted for the roll-ups.
-- Nor for one whose write before this one is not there: the database was put back since. One probe, of the page that the new row goes to.
-- The claims are locked, not updated: however old the oldest snapshot is, a write finds one version of each. Whoever claims a partition
-- waits for us; we, having waited for a claim, see its epoch. Locked in the order of partitions, so that no two writes wait for each other.
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
)
SELECT kafka_partition,
       (SELECT count(*) FROM written WHERE written.kafka_partition = fence.kafka_partition) AS transactions,
       0::bigint AS alerts
  FROM fence
