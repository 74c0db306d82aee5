-- However many years there are, there are few partitions: days of the past months have one each, what is older one for each month.
--
-- partition_granularity 'auto' makes it so, for partitions made from now on; 'day' and 'month' make all alike. Which of the two a day gets
-- is decided by the server's clock when its first transaction comes. A month that has begun in days goes on in days.
ALTER TABLE spendwatch.settings DROP CONSTRAINT settings_partition_granularity_check;
ALTER TABLE spendwatch.settings ADD CONSTRAINT settings_partition_granularity_check
  CHECK (partition_granularity IN ('auto', 'day', 'month'));
ALTER TABLE spendwatch.settings ALTER COLUMN partition_granularity SET DEFAULT 'auto';
UPDATE spendwatch.settings SET partition_granularity = 'auto' WHERE partition_granularity = 'day';
COMMENT ON COLUMN spendwatch.settings.partition_granularity IS
  'auto: a partition for each day, and for each month that ended more than daily_for ago; day, month: for each of them';
ALTER TABLE spendwatch.settings ADD COLUMN daily_for interval NOT NULL DEFAULT '35 days' CHECK (daily_for >= interval '1 day');
COMMENT ON COLUMN spendwatch.settings.daily_for IS 'what is older has monthly partitions, with partition_granularity auto';

-- As in V0012, but for the choice of the granularity.
CREATE OR REPLACE FUNCTION spendwatch.ensure_partitions(instants timestamptz[]) RETURNS integer
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
  SET datestyle = 'ISO'
  SET lock_timeout = '10s'
AS $$
DECLARE
  missing     timestamptz[] := spendwatch.days_without_partition(instants);
  granularity text;
  daily_since timestamptz;
  day         timestamptz;
  month_name  text;
  name        text;
  state       text;
  made        integer := 0;
BEGIN
  IF missing IS NULL THEN
    RETURN 0;
  END IF;
  -- One at a time: the others wait here until this transaction ends, and then see what it made.
  PERFORM pg_advisory_xact_lock(hashtextextended('spendwatch.ensure_partitions', 0));
  SELECT partition_granularity, date_trunc('month', clock_timestamp() - daily_for)
    INTO STRICT granularity, daily_since
    FROM spendwatch.settings;

  FOREACH day IN ARRAY coalesce(spendwatch.days_without_partition(instants), '{}') LOOP
    month_name := spendwatch.partition_name(day, 'month');
    name := spendwatch.partition_name(day, 'day');
    state := spendwatch.partition_state(month_name);
    CONTINUE WHEN state = 'attached';
    IF state IS NOT NULL
      OR (granularity = 'month' OR granularity = 'auto' AND day < daily_since)
         AND NOT EXISTS (
           SELECT FROM pg_class WHERE relnamespace = 'spendwatch'::regnamespace AND relkind = 'r' AND relname ^@ month_name)
    THEN
      name := month_name;
    END IF;

    CASE spendwatch.partition_state(name)
      WHEN 'pending' THEN
        EXECUTE format('ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.%I FINALIZE', name);
      WHEN 'detached' THEN
        NULL;
      ELSE
        EXECUTE format('CREATE TABLE spendwatch.%I (LIKE spendwatch.transactions INCLUDING ALL)', name);
    END CASE;
    EXECUTE format('ALTER TABLE spendwatch.transactions ATTACH PARTITION spendwatch.%I FOR VALUES FROM (%L) TO (%L)', name,
                   date_trunc(CASE WHEN name = month_name THEN 'month' ELSE 'day' END, day), spendwatch.partition_end(name));
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;
