-- Promises in table found what the numbers of the alerts tell: the alerts of a partition are numbered without gaps, up to where
-- its pipeline is, but for those that were removed because they were old. A number without an alert that no finding accounts for is an
-- alert whose meaning went with it.
CREATE TEMPORARY TABLE lacking ON COMMIT DROP AS
SELECT kafka_partition, numbers
  FROM (
         SELECT kafka_partition,
                range_agg(int8range(partition_seq + 1, next_seq))
                - coalesce((SELECT numbers FROM spendwatch.removed_alerts AS removed
                             WHERE removed.kafka_partition = neighbours.kafka_partition), '{}') AS gaps
           FROM (
                  SELECT kafka_partition, partition_seq, lead(partition_seq, 1, alert_seq + 1) OVER numbers AS next_seq
                    FROM (
                           SELECT alert.kafka_partition, alert.partition_seq
                             FROM spendwatch.alerts AS alert
                             JOIN span ON span.kafka_partition = alert.kafka_partition AND alert.partition_seq > span.from_seq
                            UNION ALL
                           SELECT kafka_partition, from_seq FROM span
                         ) AS numbered
                    JOIN spendwatch.pipelines USING (kafka_partition)
                   WHERE partition_seq <= alert_seq
                  WINDOW numbers AS (PARTITION BY kafka_partition ORDER BY partition_seq)
                ) AS neighbours
          WHERE next_seq > partition_seq + 1
          GROUP BY kafka_partition
       ) AS partition
 CROSS JOIN LATERAL unnest(gaps) AS gap (numbers);

INSERT INTO found (kind, kafka_partition, kafka_offset, expected, actual, detail, reproduce)
SELECT 'MISSING_ALERT', kafka_partition, missing.number, 'alert number ' || missing.number, 'no such alert',
       'the alerts of a partition are numbered without gaps: this one was written, and is not there',
       format('SELECT partition_seq, alert_id FROM spendwatch.alerts WHERE kafka_partition = %s AND partition_seq BETWEEN %s AND %s',
              kafka_partition, missing.number - 1, missing.number + 1)
  FROM lacking
 CROSS JOIN LATERAL generate_series(lower(numbers), upper(numbers) - 1) AS missing (number)
 WHERE (SELECT count(*)
          FROM found
         WHERE found.kind LIKE 'MISSING%'
           AND (found.kafka_partition = lacking.kafka_partition
                -- What was still to come of a user who moved was announced in the later home.
                OR EXISTS (SELECT FROM moved WHERE moved.user_id = found.user_id AND moved.kafka_partition = lacking.kafka_partition)
                OR EXISTS (SELECT FROM home WHERE home.user_id = found.user_id AND home.kafka_partition = lacking.kafka_partition)))
       < (SELECT sum(upper(of_partition.numbers) - lower(of_partition.numbers))
            FROM lacking AS of_partition
           WHERE of_partition.kafka_partition = lacking.kafka_partition);

INSERT INTO found (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail,
                   reproduce)
SELECT 'EXTRA_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, 'no such alert',
       'alert number ' || partition_seq, 'its partition''s pipeline has written no alert with this number',
       format('SELECT alert_seq FROM spendwatch.pipelines WHERE kafka_partition = %s', kafka_partition)
  FROM spendwatch.pipelines
  JOIN spendwatch.alerts USING (kafka_partition)
 WHERE partition_seq > alert_seq
   AND NOT EXISTS (SELECT FROM found WHERE found.alert_id = alerts.alert_id);
