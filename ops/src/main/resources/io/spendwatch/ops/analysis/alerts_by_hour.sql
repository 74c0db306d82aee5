-- Promises the alerts of the hours of [$1, $2), the newest first: $3 rows at most.
SELECT hour, coalesce(sum(alerts) FILTER (WHERE type = 'RAISED'), 0)::bigint AS raised,
       coalesce(sum(alerts) FILTER (WHERE type = 'CLEARED'), 0)::bigint AS cleared, coalesce(sum(alerts) FILTER (WHERE late), 0)::bigint AS late
  FROM spendwatch.hourly_alerts
 WHERE hour >= $1 AND hour < $2
 GROUP BY hour
 ORDER BY hour DESC
 LIMIT $3
