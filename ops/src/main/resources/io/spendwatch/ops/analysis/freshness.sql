-- Promises of when the roll-ups are that are read in this transaction: all that was committed before is in them. And which there are, with
-- what they are known by, and which of them are still being built.
SELECT coalesce((SELECT min(written_at) FROM spendwatch.rollup_feed), now()) AS as_of, now() AS read_at, clock_timestamp() AS looked_at,
       ARRAY(SELECT 'spendwatch.' || name FROM spendwatch.rollups UNION ALL SELECT 'spendwatch.user_risk_clock') AS tables,
       ARRAY(SELECT name FROM spendwatch.rollups WHERE NOT built ORDER BY name) AS being_built,
       coalesce((SELECT max(hour) + interval '1 hour' FROM spendwatch.hourly_spend), date_trunc('hour', now()) + interval '1 hour') AS ends
