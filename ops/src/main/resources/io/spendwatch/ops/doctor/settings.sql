-- Promises the server's settings that guarantees rest on, as they are for a new session of this user in this database.
SELECT name, setting, coalesce(unit, '') FROM pg_settings
 WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum', 'track_counts', 'max_connections',
                'superuser_reserved_connections', 'reserved_connections', 'max_wal_size', 'wal_level', 'checkpoint_timeout',
                'server_version', 'server_version_num')
