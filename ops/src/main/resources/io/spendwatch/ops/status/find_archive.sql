-- Promises where the archive is, how many days it has, the latest of them, and when one was last put there; no row without an archive.
SELECT archive_uri,
       (SELECT count(*) FROM spendwatch.archived_days),
       (SELECT max(day) FROM spendwatch.archived_days)::text,
       (SELECT max(archived_at) FROM spendwatch.archived_days)
  FROM spendwatch.settings
 WHERE archive_uri IS NOT NULL
