-- Promises the alerts of partition $1 that subscribers have had before the database was put back, but for those that are written and known
-- to be published by now. As many as were published in between; none but after such an event.
SELECT seen.alert_id
  FROM spendwatch.seen_alerts AS seen
  LEFT JOIN spendwatch.alerts AS stored USING (alert_id)
 WHERE seen.kafka_partition = $1
   AND (stored.partition_seq IS NULL
        OR stored.partition_seq > (SELECT published_alert_seq FROM spendwatch.pipelines WHERE kafka_partition = $1)
        OR stored.kafka_partition <> $1)
