-- Promises the version of the server, and those of its settings on which durability and rates rest.
SELECT name, current_setting(name)
  FROM pg_settings
 WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size')
