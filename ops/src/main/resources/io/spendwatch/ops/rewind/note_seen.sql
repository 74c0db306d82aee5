-- Promises that alerts $2 of partitions $1 are known to be with subscribers, and a row for each of them that was not known to be published.
INSERT INTO spendwatch.seen_alerts (kafka_partition, alert_id)
SELECT DISTINCT seen.kafka_partition, seen.alert_id
  FROM unnest($1::integer[], $2::text[]) AS seen (kafka_partition, alert_id)
 WHERE NOT EXISTS (SELECT
                     FROM spendwatch.alerts AS stored
                     JOIN spendwatch.pipelines AS pipeline USING (kafka_partition)
                    WHERE stored.alert_id = seen.alert_id
                      AND stored.partition_seq <= pipeline.published_alert_seq)
    ON CONFLICT DO NOTHING
RETURNING alert_id
