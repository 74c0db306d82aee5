-- Makes the partitions of transactions, ahead of time and on demand.
--
-- The guarantee: after ensure_partitions(instants) has committed, a row with any of these event times finds its partition.
-- It holds against any number of sessions that call it at once (one of them makes the partition, the others wait for it and
-- find it), and calling it again changes nothing.
--
-- Why not CREATE TABLE … PARTITION OF: that takes ACCESS EXCLUSIVE on transactions, which waits for every running insert and
-- holds up every new one. A table made alike and then attached takes SHARE UPDATE EXCLUSIVE, beside which inserts go on.
-- Why no default partition: attaching would have to scan it, under a lock, to prove that no row belongs to the new one.
--
-- What an operator may run:
--   UPDATE spendwatch.settings SET partition_granularity = 'month';        -- for partitions made from now on
--   SELECT spendwatch.ensure_partitions(array_agg(day)) FROM generate_series(now(), now() + '30 days', '1 day') AS day;
--   ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20240712 CONCURRENTLY;

CREATE TABLE spendwatch.settings (
  only_row              boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  partition_granularity text NOT NULL DEFAULT 'day' CHECK (partition_granularity IN ('day', 'month'))
);
COMMENT ON TABLE spendwatch.settings IS 'one row: what the schema does differently from one installation to another';
INSERT INTO spendwatch.settings DEFAULT VALUES;

-- Days and months are UTC's, whatever the session's time zone. The names say what is in them: transactions_20240712,
-- transactions_202407.
CREATE FUNCTION spendwatch.days_without_partition(instants timestamptz[]) RETURNS timestamptz[]
  LANGUAGE sql
BEGIN ATOMIC
  SELECT array_agg(day ORDER BY day)
    FROM (SELECT DISTINCT date_trunc('day', i, 'UTC') AS day FROM unnest(instants) AS i WHERE i IS NOT NULL) AS days
   WHERE NOT EXISTS (
     SELECT FROM pg_class
      WHERE relnamespace = 'spendwatch'::regnamespace
        AND relname IN (to_char(day AT TIME ZONE 'UTC', '"transactions_"YYYYMMDD'),
                        to_char(day AT TIME ZONE 'UTC', '"transactions_"YYYYMM')));
END;

-- A month that has begun in days goes on in days, so the granularity may change at any time.
CREATE FUNCTION spendwatch.ensure_partitions(instants timestamptz[]) RETURNS integer
  LANGUAGE plpgsql
  -- Only the owner of transactions may attach to it: whoever may call this makes partitions with the owner's rights.
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
  SET datestyle = 'ISO'
  -- Nobody waits here without end behind a long analysis or a backup that holds a lock.
  SET lock_timeout = '10s'
AS $$
DECLARE
  missing     timestamptz[] := spendwatch.days_without_partition(instants);
  granularity text;
  day         timestamptz;
  name        text;
  lower_bound timestamptz;
  width       interval;
  made        integer := 0;
BEGIN
  IF missing IS NULL THEN
    RETURN 0;
  END IF;
  -- One at a time: the others wait here until this transaction ends, and then see what it made.
  PERFORM pg_advisory_xact_lock(hashtextextended('spendwatch.ensure_partitions', 0));
  missing := coalesce(spendwatch.days_without_partition(instants), '{}');
  SELECT partition_granularity INTO STRICT granularity FROM spendwatch.settings;

  FOREACH day IN ARRAY missing LOOP
    name := to_char(day, '"transactions_"YYYYMM');
    CONTINUE WHEN to_regclass('spendwatch.' || name) IS NOT NULL;
    lower_bound := date_trunc('month', day);
    width := interval '1 month';
    IF granularity = 'day' OR EXISTS (
      SELECT FROM pg_class WHERE relnamespace = 'spendwatch'::regnamespace AND relkind = 'r' AND relname ^@ name)
    THEN
      name := to_char(day, '"transactions_"YYYYMMDD');
      lower_bound := day;
      width := interval '1 day';
    END IF;
    EXECUTE format('CREATE TABLE spendwatch.%I (LIKE spendwatch.transactions INCLUDING ALL)', name);
    EXECUTE format('ALTER TABLE spendwatch.transactions ATTACH PARTITION spendwatch.%I FOR VALUES FROM (%L) TO (%L)',
                   name, lower_bound, lower_bound + width);
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;
COMMENT ON FUNCTION spendwatch.ensure_partitions(timestamptz[]) IS
  'makes the missing partitions of transactions for these instants and returns how many; a few hundred at a time, since each holds some ten locks until the transaction ends';
REVOKE EXECUTE ON FUNCTION spendwatch.ensure_partitions(timestamptz[]) FROM PUBLIC;
