-- Promises all alerts of those episodes of user $1 that last at the instant $2, or did until what came after the arrival $3 ended them, and
-- the alerts to which that one led ({arrived}: an alert's); in the order in which they were decided: a user's stays in partitions first.
SELECT alert_id, type, episode_id, user_id, transaction_id, exposure_minor, balance_minor, currency, transactions, event_time,
       detected_at, late, cause, kafka_topic, kafka_partition, kafka_offset, revealed_by, rule, rule_version, window_start
  FROM spendwatch.alerts
 WHERE user_id = $1
   AND ({arrived} = $3 OR episode_id IN (
         SELECT episode_id
           FROM spendwatch.alerts
          WHERE user_id = $1
          GROUP BY episode_id
         HAVING min(event_time) <= $2
            AND (bool_and(type = 'RAISED') OR max(event_time) >= $2 OR max({arrived}) > $3)))
 ORDER BY {arrived} / 4398046511104, partition_seq
