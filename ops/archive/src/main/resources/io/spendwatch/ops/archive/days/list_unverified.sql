-- Promises the days that are in the archive otherwise than when all of their files were last read, in order.
SELECT day
  FROM spendwatch.archived_days
 WHERE verified_revision IS DISTINCT FROM revision
 ORDER BY day
