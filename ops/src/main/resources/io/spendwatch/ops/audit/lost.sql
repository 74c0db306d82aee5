-- Promises in table found the records that are noted as lost, until somebody acknowledges it. Stretches that begin at the same offset (of
-- a topic that was made anew, or of both topics) are one finding.
INSERT INTO found (kind, kafka_partition, kafka_offset, expected, actual, detail, reproduce)
SELECT 'LOST_RECORDS', kafka_partition, from_offset, 'each record read before it is gone',
       string_agg(format('%s offsets [%s, %s)', topic, from_offset, coalesce(to_offset::text, 'unknown')), '; ' ORDER BY noticed_at),
       string_agg(format('%s, noticed by %s at %s', reason, noticed_by, noticed_at), '; ' ORDER BY noticed_at),
       format('SELECT * FROM spendwatch.lost_records WHERE kafka_partition = %s AND from_offset = %s', kafka_partition, from_offset)
  FROM spendwatch.lost_records
 WHERE acknowledged_at IS NULL
 GROUP BY kafka_partition, from_offset
