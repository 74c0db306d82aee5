-- Promises each day in the archive, as it is there, and whether all of its files were read since, in order.
SELECT day, revision, archived_at, verified_revision IS NOT DISTINCT FROM revision AS is_verified
  FROM spendwatch.archived_days
 ORDER BY day
