-- Promises the partitions of transactions that lie wholly before $1, oldest first: those that are attached, and those on which a
-- former removal was interrupted.
SELECT relname::text, spendwatch.partition_state(relname)
  FROM pg_class
 WHERE relnamespace = 'spendwatch'::regnamespace
   AND relkind = 'r'
   AND spendwatch.partition_end(relname) <= $1::timestamptz
 ORDER BY spendwatch.partition_end(relname)
