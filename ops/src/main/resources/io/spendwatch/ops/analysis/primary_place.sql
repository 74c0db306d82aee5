-- Promises how far the primary's log is durable, and since when at least: all that has been committed is before that
-- place. What is not durable yet is sent to no replica.
SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint AS place, now() AS at,
       (SELECT system_identifier FROM pg_control_system()) AS system
