-- Promises that from now on nothing is written for partition $1 under an older epoch; what was, is visible to us.
INSERT INTO spendwatch.pipelines AS pipeline (kafka_partition, epoch, owner, claimed_at)
VALUES ($1, 1, $2, $3)
    ON CONFLICT (kafka_partition) DO UPDATE
   SET epoch = pipeline.epoch + 1,
       owner = excluded.owner,
       claimed_at = excluded.claimed_at
RETURNING epoch, alert_seq, published_alert_seq, written_at, next_offset, published_offset
