-- Promises the days from $1 to $2 whose transactions have left the table for the archive, in order.
SELECT day
  FROM spendwatch.archived_days
 WHERE dropped_at IS NOT NULL
   AND day BETWEEN $1 AND $2
 ORDER BY day
