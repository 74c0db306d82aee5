-- Promises that from now on nothing is written for partition $1 under an older epoch, and that nothing is written under our epoch once
-- another layout than the one answered is in force. What was written is there for whoever asks after this. No row where there is no
-- layout yet.
WITH layout AS (
  -- Shared: whoever changes it waits for us, and then raises our epoch.
  SELECT version, partitions, former, growing_to, marks
    FROM spendwatch.topic_layout
     FOR SHARE
)
INSERT INTO spendwatch.claims AS claim (kafka_partition, epoch, owner, claimed_at)
SELECT $1, 1, $2, $3
  FROM layout
    ON CONFLICT (kafka_partition) DO UPDATE
   SET epoch = claim.epoch + 1,
       owner = excluded.owner,
       claimed_at = excluded.claimed_at,
       held_for = NULL
RETURNING epoch, (SELECT version FROM layout), (SELECT partitions FROM layout), (SELECT former FROM layout),
          (SELECT growing_to FROM layout), (SELECT marks FROM layout)
