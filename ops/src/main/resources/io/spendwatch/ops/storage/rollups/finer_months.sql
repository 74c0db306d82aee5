-- Promises the months (UTC) that there is anything of in roll-up {finer} or in {coarser}, which is made of it.
SELECT month::text AS begins, (month + interval '1 month')::text AS ends
  FROM (
         SELECT date_trunc('month', {finer_time}::timestamptz, 'UTC') AS month FROM spendwatch.{finer}
          UNION
         SELECT date_trunc('month', {coarser_time}::timestamptz, 'UTC') FROM spendwatch.{coarser}
       ) AS months
 ORDER BY month
