-- Old partitions of transactions can go, beside whoever writes and reads.
--
-- The guarantee: a partition is removed in two steps, and after a crash between any two moments of them the next removal goes on from
-- there. (1) ALTER TABLE … DETACH PARTITION … CONCURRENTLY: the rows are out of sight; inserts into other days do not wait. It commits
-- twice: between, and for good if it is interrupted, the partition is "pending". (2) drop_detached_partition.
-- A record that comes for such a day meanwhile finds a partition all the same: ensure_partitions brings back the one that is leaving,
-- with its rows. So nothing is lost that somebody has been promised, and the next removal takes it again.
-- Partitions are known by their names, transactions_YYYYMMDD and transactions_YYYYMM; tables with other names are left alone.
--
-- ensure_partitions also holds from now on for sessions whose transaction sees an older state (repeatable read, serializable): after
-- having waited for another session it would not see that session's partition, and fail with 42P07. It asks the catalogue as it is now
-- (to_regclass, pg_partition_root), not as the transaction sees it.

ALTER TABLE spendwatch.settings ADD COLUMN dropped_before timestamptz;
COMMENT ON COLUMN spendwatch.settings.dropped_before IS
  'end of the newest partition of transactions that was dropped; what is younger than this by less than 24 h has an incomplete past';

CREATE FUNCTION spendwatch.partition_name(instant timestamptz, granularity text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_char(instant AT TIME ZONE 'UTC', CASE granularity WHEN 'month' THEN '"transactions_"YYYYMM' ELSE '"transactions_"YYYYMMDD' END);

-- Where the partition of this name ends; null for a name that is no partition's.
CREATE FUNCTION spendwatch.partition_end(name text) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT (make_timestamp(part[1]::integer, part[2]::integer, coalesce(part[3]::integer, 1), 0, 0, 0)
                  + CASE WHEN part[3] IS NULL THEN interval '1 month' ELSE interval '1 day' END) AT TIME ZONE 'UTC'
          FROM regexp_match(name, '^transactions_(\d{4})(\d{2})(\d{2})?$') AS part);

-- attached, pending (its detaching was interrupted, or goes on at this moment), detached, or null: there is no such table.
CREATE FUNCTION spendwatch.partition_state(name text) RETURNS text
  LANGUAGE sql
RETURN (SELECT CASE WHEN found IS NULL THEN NULL
                    WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = found AND inhdetachpending) THEN 'pending'
                    WHEN pg_partition_root(found) IS NULL THEN 'detached'
                    ELSE 'attached'
               END
          FROM to_regclass('spendwatch.' || name) AS found);

CREATE OR REPLACE FUNCTION spendwatch.days_without_partition(instants timestamptz[]) RETURNS timestamptz[]
  LANGUAGE sql
BEGIN ATOMIC
  SELECT array_agg(day ORDER BY day)
    FROM (SELECT DISTINCT date_trunc('day', i, 'UTC') AS day FROM unnest(instants) AS i WHERE i IS NOT NULL) AS days
   WHERE spendwatch.partition_state(spendwatch.partition_name(day, 'day')) IS DISTINCT FROM 'attached'
     AND spendwatch.partition_state(spendwatch.partition_name(day, 'month')) IS DISTINCT FROM 'attached';
END;

-- A month that has begun in days goes on in days, so the granularity may change at any time.
CREATE OR REPLACE FUNCTION spendwatch.ensure_partitions(instants timestamptz[]) RETURNS integer
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
  SELECT partition_granularity INTO STRICT granularity FROM spendwatch.settings;

  FOREACH day IN ARRAY coalesce(spendwatch.days_without_partition(instants), '{}') LOOP
    month_name := spendwatch.partition_name(day, 'month');
    name := spendwatch.partition_name(day, 'day');
    state := spendwatch.partition_state(month_name);
    CONTINUE WHEN state = 'attached';
    IF state IS NOT NULL
      OR granularity = 'month' AND NOT EXISTS (
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

-- Drops a partition that has been detached, and notes how far the past has gone. False when it is not detached (any more).
CREATE FUNCTION spendwatch.drop_detached_partition(name text) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Nobody brings it back at this moment.
  PERFORM pg_advisory_xact_lock(hashtextextended('spendwatch.ensure_partitions', 0));
  IF spendwatch.partition_end(name) IS NULL OR spendwatch.partition_state(name) IS DISTINCT FROM 'detached' THEN
    RETURN false;
  END IF;
  EXECUTE format('DROP TABLE spendwatch.%I', name);
  UPDATE spendwatch.settings SET dropped_before = greatest(dropped_before, spendwatch.partition_end(name));
  RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.drop_detached_partition(text) FROM PUBLIC;
