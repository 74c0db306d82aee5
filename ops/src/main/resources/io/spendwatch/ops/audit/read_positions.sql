-- Promises how far the audit has come in each partition.
SELECT kafka_partition, next_offset, alert_seq, stream_time::text
  FROM spendwatch.reconciliation_positions
