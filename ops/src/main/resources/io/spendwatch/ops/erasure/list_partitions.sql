-- Promises the tables that transactions are in, whether attached at this moment or on their way out, the newest first.
SELECT relname::text, ends - CASE WHEN length(relname::text) = length('transactions_YYYYMM') THEN interval '1 month' ELSE interval '1 day' END,
       ends
  FROM pg_class
 CROSS JOIN LATERAL (SELECT spendwatch.partition_end(relname::text)) AS bound (ends)
 WHERE relnamespace = 'spendwatch'::regnamespace
   AND relkind = 'r'
   AND relname ~ '^transactions_\d{6}(\d{2})?$'
   AND ends IS NOT NULL
 ORDER BY ends DESC
