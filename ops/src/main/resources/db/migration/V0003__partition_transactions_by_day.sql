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
-- transactions_202407. A month that has begun in days goes on in days, so the granularity may change at any time.
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
  granularity text;
  instant     timestamptz;
  month_name  text;
  day_name    text;
  name        text;
  lower_bound timestamptz;
  upper_bound timestamptz;
  made        integer := 0;
BEGIN
  FOR instant IN SELECT DISTINCT date_trunc('day', i) FROM unnest(instants) AS i WHERE i IS NOT NULL ORDER BY 1 LOOP
    month_name := to_char(instant, '"transactions_"YYYYMM');
    day_name := to_char(instant, '"transactions_"YYYYMMDD');
    CONTINUE WHEN to_regclass('spendwatch.' || day_name) IS NOT NULL
               OR to_regclass('spendwatch.' || month_name) IS NOT NULL;
    IF made = 0 THEN
      -- One at a time: the others wait here until this transaction ends, and then see what it made.
      PERFORM pg_advisory_xact_lock(hashtextextended('spendwatch.ensure_partitions', 0));
      CONTINUE WHEN to_regclass('spendwatch.' || day_name) IS NOT NULL
                 OR to_regclass('spendwatch.' || month_name) IS NOT NULL;
      SELECT partition_granularity INTO STRICT granularity FROM spendwatch.settings;
    END IF;
    IF granularity = 'month' AND NOT EXISTS (
      SELECT FROM generate_series(date_trunc('month', instant), date_trunc('month', instant) + interval '1 month - 1 day',
                                  interval '1 day') AS day
       WHERE to_regclass(to_char(day, '"spendwatch.transactions_"YYYYMMDD')) IS NOT NULL)
    THEN
      name := month_name;
      lower_bound := date_trunc('month', instant);
      upper_bound := lower_bound + interval '1 month';
    ELSE
      name := day_name;
      lower_bound := instant;
      upper_bound := lower_bound + interval '1 day';
    END IF;
    EXECUTE format('CREATE TABLE spendwatch.%I (LIKE spendwatch.transactions INCLUDING ALL)', name);
    EXECUTE format('ALTER TABLE spendwatch.transactions ATTACH PARTITION spendwatch.%I FOR VALUES FROM (%L) TO (%L)',
                   name, lower_bound, upper_bound);
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;
COMMENT ON FUNCTION spendwatch.ensure_partitions(timestamptz[]) IS
  'makes the missing partitions of transactions for these instants and returns how many; a few hundred at a time, since each holds some ten locks until the transaction ends';
REVOKE EXECUTE ON FUNCTION spendwatch.ensure_partitions(timestamptz[]) FROM PUBLIC;
