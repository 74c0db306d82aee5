-- Promises the alerts that are in no roll-up yet, so many of each partition, and that they are in all of them once this has committed.
new_alert AS MATERIALIZED (
  SELECT alert.type, alert.late, alert.event_time, alert.user_id, alert.currency, alert.kafka_partition, alert.partition_seq
    FROM spendwatch.pipelines AS pipeline
    LEFT JOIN spendwatch.rollup_alerts AS mark USING (kafka_partition)
   CROSS JOIN LATERAL (
           SELECT *
             FROM spendwatch.alerts
            WHERE kafka_partition = pipeline.kafka_partition
              AND partition_seq > coalesce(mark.alert_seq, 0)
              -- Whatever stands beyond it, no write of the partition has put there.
              AND partition_seq <= pipeline.alert_seq
            ORDER BY partition_seq
            LIMIT 5000
         ) AS alert
), alerts_marked AS (
  INSERT INTO spendwatch.rollup_alerts (kafka_partition, alert_seq)
  SELECT kafka_partition, max(partition_seq)
    FROM new_alert
   GROUP BY kafka_partition
      ON CONFLICT (kafka_partition) DO UPDATE
     SET alert_seq = excluded.alert_seq
)
