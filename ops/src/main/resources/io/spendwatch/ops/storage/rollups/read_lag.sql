-- Promises for each roll-up whether all rows are in it that were there before it, and how long the oldest row has been there that is not
-- in it, in seconds; 0 without any.
SELECT name, built,
       coalesce(extract(epoch FROM clock_timestamp() - (SELECT min(written_at) FROM spendwatch.rollup_feed)), 0)::float8 AS lag_seconds
  FROM spendwatch.rollups
 ORDER BY name
