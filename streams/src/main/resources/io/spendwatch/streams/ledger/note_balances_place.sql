-- Promises that of partition $2 of the topic with id $1 it is noted that all before offset $3 is applied, or passed over.
INSERT INTO spendwatch.balances_progress (topic_id, kafka_partition, next_offset)
VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING
