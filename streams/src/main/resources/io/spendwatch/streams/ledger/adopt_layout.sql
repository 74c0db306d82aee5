-- Promises that there is a layout: $1 partitions, unless there is one already.
INSERT INTO spendwatch.topic_layout (partitions)
VALUES ($1)
    ON CONFLICT DO NOTHING
