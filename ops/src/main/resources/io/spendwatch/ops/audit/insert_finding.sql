-- Promises that this finding is in table found.
INSERT INTO found (kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail,
                   reproduce)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
