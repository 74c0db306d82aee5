-- Promises the rows, each once, whoever wrote them: the columns of write_ledger.sql without its fence, stream time and alerts,
-- and for several Kafka partitions at a time.
INSERT INTO spendwatch.transactions (
       user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, original_transaction_id,
       exposure_minor, balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at)
SELECT row.*, $15::timestamptz
  FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
              $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::integer[], $14::bigint[]) AS row
    ON CONFLICT DO NOTHING
