-- Promises which days of the transactions are not whole in their table: those that were dropped, which the archive has, and partitions that
-- are leaving at this moment. Touches a row per archived day.
SELECT ARRAY(SELECT day FROM spendwatch.archived_days WHERE dropped_at IS NOT NULL) AS dropped,
       ARRAY(SELECT partition.relname::text
               FROM pg_class AS partition
               LEFT JOIN pg_inherits AS place ON place.inhrelid = partition.oid
              WHERE partition.relnamespace = 'spendwatch'::regnamespace
                AND partition.relkind = 'r'
                AND partition.relname ~ '^transactions_[0-9]{6}([0-9]{2})?$'
                AND (place.inhrelid IS NULL OR place.inhdetachpending)) AS leaving
