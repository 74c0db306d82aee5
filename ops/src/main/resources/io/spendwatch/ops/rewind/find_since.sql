-- Promises an instant before any alert of partitions $1 was published that the tables do not know as published, by the clocks of nodes:
-- long ago where that may have been at any time.
SELECT least((SELECT min(coalesce(written_at, '0001-01-01Z'))
                FROM spendwatch.pipelines
               WHERE kafka_partition = ANY ($1::integer[])),
             (SELECT min(alert.detected_at)
                FROM spendwatch.pipelines AS pipeline
                JOIN spendwatch.alerts AS alert USING (kafka_partition)
               WHERE pipeline.kafka_partition = ANY ($1)
                 AND alert.partition_seq > pipeline.published_alert_seq)) AS since
