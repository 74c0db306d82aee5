-- Promises whether there is anything to do: new transactions, new alerts, a roll-up that goes on without them, or one to be built.
SELECT EXISTS (SELECT FROM spendwatch.rollup_feed)
       OR EXISTS (SELECT
                    FROM spendwatch.pipelines AS pipeline
                    LEFT JOIN spendwatch.rollup_alerts AS mark USING (kafka_partition)
                   CROSS JOIN LATERAL (
                           SELECT
                             FROM spendwatch.alerts
                            WHERE kafka_partition = pipeline.kafka_partition
                              AND partition_seq > coalesce(mark.alert_seq, 0)
                              AND partition_seq <= pipeline.alert_seq
                            LIMIT 1
                         ) AS alert)
       OR EXISTS (SELECT FROM spendwatch.rollups WHERE unfinished OR NOT built)
