-- Promises the highest event time that was assessed, and how many alerts.
SELECT (SELECT max(stream_time) FROM span),
       (SELECT count(*)
          FROM spendwatch.alerts AS alert
          JOIN span ON span.kafka_partition = alert.kafka_partition
                   AND alert.partition_seq > span.from_seq AND alert.kafka_offset < span.to_offset)
