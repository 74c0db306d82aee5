-- Promises one row: the latest event time of user $1 after $2, the stream time of the partition that it came from (of any, without transactions),
-- and since when there are balances of the user; null for what there is not.
SELECT latest.event_time,
       (SELECT max(stream_time)
          FROM spendwatch.pipelines
         WHERE latest.kafka_partition IS NULL OR kafka_partition = latest.kafka_partition),
       (SELECT min(as_of) FROM spendwatch.account_versions WHERE user_id = $1)
  FROM (VALUES (1)) AS one
  LEFT JOIN LATERAL (
         SELECT event_time, kafka_partition
           FROM spendwatch.transactions
          WHERE user_id = $1
            AND event_time > $2
          ORDER BY event_time DESC
          LIMIT 1
       ) AS latest ON true
