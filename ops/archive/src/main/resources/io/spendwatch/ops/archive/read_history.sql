-- Promises what the transactions are made of at this transaction's moment: the days that the archive has and their table has not, the
-- partitions that are in sight, and those that are leaving it; where the archive is; and the moment.
SELECT ARRAY(SELECT day FROM spendwatch.archived_days WHERE dropped_at IS NOT NULL) AS dropped,
       ARRAY(SELECT partition.relname::text FROM pg_inherits AS place JOIN pg_class AS partition ON partition.oid = place.inhrelid
              WHERE place.inhparent = 'spendwatch.transactions'::regclass AND NOT place.inhdetachpending) AS attached,
       ARRAY(SELECT partition.relname::text
               FROM pg_class AS partition
               LEFT JOIN pg_inherits AS place ON place.inhrelid = partition.oid
              WHERE partition.relnamespace = 'spendwatch'::regnamespace
                AND partition.relkind = 'r'
                AND partition.relname ~ '^transactions_[0-9]{6}([0-9]{2})?$'
                AND (place.inhrelid IS NULL OR place.inhdetachpending)) AS leaving,
       (SELECT archive_uri FROM spendwatch.settings) AS archive_uri,
       now() AS read_at
