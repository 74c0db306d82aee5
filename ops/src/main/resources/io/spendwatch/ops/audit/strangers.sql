-- Promises in table found what names a partition that the topic does not have, and alerts that were removed and are there again.
INSERT INTO found (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail,
                   reproduce)
SELECT 'EXTRA_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, 'no such alert',
       'an alert of partition ' || kafka_partition, 'the topic has no such partition', pg_temp.alerts_sql(user_id)
  FROM spendwatch.alerts
 WHERE kafka_partition NOT IN (SELECT kafka_partition FROM span);

INSERT INTO found (kind, kafka_partition, kafka_offset, expected, actual, detail, reproduce)
SELECT 'ROW_WITHOUT_RECORD', kafka_partition, min(kafka_offset), 'no row', count(*) || ' rows',
       'the topic has no such partition',
       format('SELECT * FROM spendwatch.transactions WHERE kafka_partition = %s', kafka_partition)
  FROM spendwatch.transactions
 WHERE kafka_partition NOT IN (SELECT kafka_partition FROM span)
 GROUP BY kafka_partition;

-- What was removed because it was old is written by nobody again.
INSERT INTO found (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail,
                   reproduce)
SELECT 'EXTRA_ALERT', user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, 'no such alert',
       'alert number ' || partition_seq, 'the alert of this number was removed because it was old', pg_temp.alerts_sql(user_id)
  FROM spendwatch.alerts
  JOIN spendwatch.removed_alerts USING (kafka_partition)
 WHERE numbers @> partition_seq
   AND kafka_partition IN (SELECT kafka_partition FROM span);
