-- Promises that the next run begins where this one ends. Alerts beyond the spans are not assessed yet, and so is none that was written
-- after them.
INSERT INTO spendwatch.reconciliation_positions AS known (kafka_partition, next_offset, alert_seq, stream_time)
SELECT kafka_partition, to_offset,
       coalesce((SELECT min(partition_seq) - 1
                   FROM spendwatch.alerts AS alert
                  WHERE alert.kafka_partition = span.kafka_partition
                    AND alert.partition_seq > span.from_seq
                    AND alert.kafka_offset >= span.to_offset),
                (SELECT alert_seq FROM spendwatch.pipelines WHERE pipelines.kafka_partition = span.kafka_partition),
                from_seq),
       stream_time
  FROM span
    ON CONFLICT (kafka_partition) DO UPDATE
   SET next_offset = excluded.next_offset, alert_seq = excluded.alert_seq, stream_time = excluded.stream_time;

INSERT INTO spendwatch.reconciliation_late AS known (user_id, kafka_partition, kafka_offset, event_time)
SELECT user_id, kafka_partition, max(kafka_offset), max(event_time)
  FROM came_late
 GROUP BY user_id, kafka_partition
    ON CONFLICT (user_id, kafka_partition) DO UPDATE
   SET kafka_offset = greatest(known.kafka_offset, excluded.kafka_offset), event_time = greatest(known.event_time, excluded.event_time);

DELETE FROM spendwatch.reconciliation_late WHERE event_time < (SELECT max(stream_time) FROM span) - {two_windows};

DELETE FROM spendwatch.reconciliation_open_episodes;

INSERT INTO spendwatch.reconciliation_open_episodes (user_id, kafka_partition, latest_event_time)
SELECT user_id, max(kafka_partition), max(latest_event_time)
  FROM still_open
 GROUP BY user_id;
