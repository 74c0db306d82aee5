-- Promises how far this server has replayed the log of a primary: all commits before that place are to be seen by whoever asks next. Of a
-- server that is no replica (any more), that.
SELECT is_replica, CASE WHEN is_replica THEN (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint END AS place,
       CASE WHEN is_replica THEN (pg_last_wal_receive_lsn() - '0/0'::pg_lsn)::bigint END AS received,
       pg_last_xact_replay_timestamp() AS replayed_to, clock_timestamp() AS at,
       CASE WHEN is_replica THEN pg_is_wal_replay_paused() ELSE false END AS is_paused,
       (SELECT system_identifier FROM pg_control_system()) AS system
  FROM (SELECT pg_is_in_recovery() AS is_replica) AS server
