-- Promises how far the primary is in its log, and since when at least: all that has been committed is before that place.
SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint AS place, now() AS at,
       (SELECT system_identifier FROM pg_control_system()) AS system
