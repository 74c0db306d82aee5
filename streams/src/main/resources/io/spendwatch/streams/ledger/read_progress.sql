-- Promises how far partition $1 is: a row for one that has been claimed, nulls in it before any write. One probe.
SELECT epoch_of_write, write_no, alert_seq, published_alert_seq, written_at, next_offset, published_offset
  FROM spendwatch.pipelines
 WHERE kafka_partition = $1
