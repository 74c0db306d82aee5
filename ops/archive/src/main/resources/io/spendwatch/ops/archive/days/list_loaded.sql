-- Promises each day that the warehouse has, as it was in the archive when it was loaded.
SELECT day, revision, archived_at
  FROM loaded_days
