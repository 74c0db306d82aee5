-- Promises nothing to anybody but room: of partition $1, what was noted of how far it is before the write $3 under epoch $2, and not
-- before the write $5 under epoch $4. The lower bound keeps a write from going through what others hold back from being cleared away.
DELETE FROM spendwatch.progress
 WHERE kafka_partition = $1
   AND (epoch, write_no) < ($2::bigint, $3::bigint)
   AND (epoch, write_no) >= ($4::bigint, $5::bigint)
