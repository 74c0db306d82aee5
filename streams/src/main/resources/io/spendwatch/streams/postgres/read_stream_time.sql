-- Promises the highest event time that partition $1 has durably seen; null or no row before any.
SELECT stream_time
  FROM spendwatch.pipelines
 WHERE kafka_partition = $1
