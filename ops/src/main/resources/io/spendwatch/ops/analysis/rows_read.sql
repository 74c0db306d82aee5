-- Promises how many rows this transaction has read of tables and indexes.
SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::bigint
  FROM pg_stat_xact_user_tables
