-- However old the installation and whatever producers send, there are few partitions: days that have grown old become part of their
-- month, and partitions of the past come at a bounded rate.
--
-- Merging. The guarantee, against whoever reads, writes or dies meanwhile: each statement sees each row exactly once, and nobody who
-- writes waits for longer than a step, which is short. merge_old_days does the next step of it; called again and again, it comes to an
-- end, wherever the last caller was interrupted. For a month whose days are all older than settings.daily_for:
--   1. A table for the month is made, beside the others: merging_YYYYMM.
--   2. For each day: from now on what is written to it is written to that table too, by a trigger, in the same transaction; then what
--      was there before is copied, some blocks at a time.
--   3. When no transaction is left that began before the last of this was committed, the days are exchanged for the month, in one
--      transaction. One that still saw the tables as they were before would not see the copies, and miss the rows.
-- Not DETACH … CONCURRENTLY: between its two transactions nobody sees the rows. So the exchange locks the table for a moment,
-- and waits for that lock no longer than writers may wait behind it; where an analysis holds it, the exchange is tried again later.
-- A day that is on its way out (retention) is left alone, and so is a month with a row that the constraints of V0032 refuse:
-- spendwatch.merges.refused says why; set it to null when the row has been mended.
CREATE TABLE spendwatch.merges (
  month      text PRIMARY KEY,
  open_since text[],
  refused    text
);
COMMENT ON TABLE spendwatch.merges IS 'months whose days are being merged (V0042); month is the name of the partition to come';
COMMENT ON COLUMN spendwatch.merges.open_since IS
  'virtual ids of the transactions that were open when all was copied: the exchange waits for their end; null before';
COMMENT ON COLUMN spendwatch.merges.refused IS 'why a row could not be copied; null: nothing is in the way';

CREATE TABLE spendwatch.merged_days (
  day      text PRIMARY KEY,
  month    text    NOT NULL,
  filenode oid     NOT NULL,
  copied   bigint  NOT NULL,
  complete boolean NOT NULL,
  counted  boolean NOT NULL
);
COMMENT ON TABLE spendwatch.merged_days IS 'how far a day of such a month is copied; day is the name of its partition';
COMMENT ON COLUMN spendwatch.merged_days.copied IS 'blocks of the file with that number';

-- Writes to the month's table what is written to a day of it.
CREATE FUNCTION spendwatch.write_to_merging_month() RETURNS trigger
  LANGUAGE plpgsql
  -- Whoever may write through spendwatch.transactions may not write to its partitions.
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  day_end timestamptz := spendwatch.partition_end(TG_TABLE_NAME::text);
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    EXECUTE format('DELETE FROM spendwatch.%I WHERE event_time >= $1 AND event_time < $2', TG_ARGV[0])
      USING day_end - interval '24 hours', day_end;
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    EXECUTE format('DELETE FROM spendwatch.%I WHERE (user_id, event_time, transaction_id) = ($1, $2, $3)', TG_ARGV[0])
      USING OLD.user_id, OLD.event_time, OLD.transaction_id;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    EXECUTE format('INSERT INTO spendwatch.%I SELECT ($1).*', TG_ARGV[0]) USING NEW;
  END IF;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.write_to_merging_month() FROM PUBLIC;

-- Does the next step of merging old days into their months. Answers nothing (to do), copied (a step, more to come), merged (a month),
-- or waiting (for others; to be asked again later).
--   blocks     how many blocks of a day a step copies at most, during which nobody writes to that day
--   kept_from  months that begin before it are left alone, because their days will be removed; null for none
CREATE FUNCTION spendwatch.merge_old_days(blocks integer, kept_from timestamptz) RETURNS text
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
  SET datestyle = 'ISO'
  -- Writers wait behind whoever waits for a lock.
  SET lock_timeout = '200ms'
AS $$
DECLARE
  merge       spendwatch.merges;
  copies      text;
  days        text[];
  this_day    text;
  from_block  bigint;
  to_block    bigint;
  all_copied  boolean;
  as_many     boolean;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('spendwatch.merge_old_days', 0)) THEN
    RETURN 'waiting';
  END IF;
  DELETE FROM spendwatch.partitions_made WHERE made_at < clock_timestamp() - interval '1 hour';

  -- The oldest month first, all whose days are there.
  SELECT left(relname, 19), array_agg(relname::text ORDER BY relname)
    INTO merge.month, days
    FROM pg_class, spendwatch.settings
   WHERE relnamespace = 'spendwatch'::regnamespace AND relkind = 'r' AND relname ~ '^transactions_\d{8}$'
     AND partition_granularity = 'auto'
     AND spendwatch.partition_end(left(relname, 19)) <= date_trunc('month', clock_timestamp() - daily_for)
     AND (kept_from IS NULL OR spendwatch.partition_end(left(relname, 19)) - interval '1 month' >= kept_from)
     AND NOT EXISTS (SELECT FROM spendwatch.merges WHERE month = left(relname, 19) AND refused IS NOT NULL)
   GROUP BY 1
  HAVING bool_and(spendwatch.partition_state(relname::text) = 'attached')
   ORDER BY 1
   LIMIT 1;
  IF days IS NULL THEN
    RETURN 'nothing';
  END IF;
  copies := replace(merge.month, 'transactions', 'merging');

  SELECT * INTO merge FROM spendwatch.merges WHERE month = merge.month;
  IF NOT FOUND THEN
    merge.month := left(days[1], 19);
    EXECUTE format('CREATE TABLE spendwatch.%I (LIKE spendwatch.transactions INCLUDING ALL)', copies);
    -- So that the table need not be read for it when it becomes a partition.
    EXECUTE format('ALTER TABLE spendwatch.%I ADD CONSTRAINT within_month CHECK (event_time >= %L AND event_time < %L)', copies,
                   spendwatch.partition_end(merge.month) - interval '1 month', spendwatch.partition_end(merge.month));
    INSERT INTO spendwatch.merges (month) VALUES (merge.month);
    RETURN 'copied';
  END IF;

  -- A day that is new here; or has another file now, which VACUUM FULL and the like leave behind.
  SELECT name INTO this_day
    FROM unnest(days) AS name
   WHERE NOT EXISTS (SELECT FROM spendwatch.merged_days AS known
                      WHERE known.day = name AND known.filenode = pg_relation_filenode(format('spendwatch.%I', name)::regclass))
   ORDER BY 1
   LIMIT 1;
  IF FOUND THEN
    EXECUTE format('CREATE OR REPLACE TRIGGER write_to_merging_month AFTER INSERT OR UPDATE OR DELETE ON spendwatch.%I'
                   ' FOR EACH ROW EXECUTE FUNCTION spendwatch.write_to_merging_month(%L)', this_day, copies);
    EXECUTE format('CREATE OR REPLACE TRIGGER truncate_merging_month AFTER TRUNCATE ON spendwatch.%I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.write_to_merging_month(%L)', this_day, copies);
    DELETE FROM spendwatch.merged_days AS known WHERE known.day = this_day;
    INSERT INTO spendwatch.merged_days
    VALUES (this_day, merge.month, pg_relation_filenode(format('spendwatch.%I', this_day)::regclass), 0, false, false);
    UPDATE spendwatch.merges SET open_since = NULL WHERE month = merge.month;
    RETURN 'copied';
  END IF;

  SELECT known.day, known.copied INTO this_day, from_block
    FROM spendwatch.merged_days AS known
   WHERE known.month = merge.month AND NOT known.complete
   ORDER BY 1
   LIMIT 1;
  IF FOUND THEN
    EXECUTE format('LOCK TABLE spendwatch.%I IN SHARE MODE', this_day);
    to_block := from_block + blocks;
    EXECUTE format('INSERT INTO spendwatch.%I SELECT * FROM spendwatch.%I WHERE ctid >= %L AND ctid < %L ON CONFLICT DO NOTHING',
                   copies, this_day, format('(%s,0)', from_block), format('(%s,0)', to_block));
    all_copied := to_block >= pg_relation_size(format('spendwatch.%I', this_day)::regclass) / current_setting('block_size')::bigint;
    UPDATE spendwatch.merged_days AS known
       SET copied = to_block, complete = all_copied
     WHERE known.day = this_day;
    RETURN 'copied';
  END IF;

  -- A day at a time: it must not take longer than a statement may.
  SELECT known.day INTO this_day
    FROM spendwatch.merged_days AS known
   WHERE known.month = merge.month AND NOT known.counted
   ORDER BY 1
   LIMIT 1;
  IF FOUND THEN
    EXECUTE format('SELECT (SELECT count(*) FROM spendwatch.%I)'
                   ' = (SELECT count(*) FROM spendwatch.%I WHERE event_time >= $1 AND event_time < $2)', this_day, copies)
       INTO STRICT as_many
      USING spendwatch.partition_end(this_day) - interval '24 hours', spendwatch.partition_end(this_day);
    IF NOT as_many THEN
      RAISE EXCEPTION 'spendwatch.% has other rows than spendwatch.%', copies, this_day USING ERRCODE = 'data_corrupted';
    END IF;
    UPDATE spendwatch.merged_days AS known SET counted = true WHERE known.day = this_day;
    RETURN 'copied';
  END IF;

  IF merge.open_since IS NULL THEN
    UPDATE spendwatch.merges
       SET open_since = ARRAY(SELECT virtualxid FROM pg_locks
                               WHERE locktype = 'virtualxid' AND virtualxid IS NOT NULL AND pid <> pg_backend_pid())
     WHERE month = merge.month;
    RETURN 'copied';
  END IF;
  IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'virtualxid' AND virtualxid = ANY (merge.open_since)) THEN
    RETURN 'waiting';
  END IF;

  PERFORM pg_advisory_xact_lock(hashtextextended('spendwatch.ensure_partitions', 0));
  LOCK TABLE spendwatch.transactions IN ACCESS EXCLUSIVE MODE;
  -- No day has come meanwhile, and none has begun to leave.
  IF days <> ARRAY(SELECT relname::text FROM pg_class
                    WHERE relnamespace = 'spendwatch'::regnamespace AND relkind = 'r' AND relname ^@ merge.month
                      AND spendwatch.partition_state(relname::text) = 'attached' ORDER BY relname)
  THEN
    RETURN 'waiting';
  END IF;
  FOREACH this_day IN ARRAY days LOOP
    EXECUTE format('DROP TABLE spendwatch.%I', this_day);
  END LOOP;
  EXECUTE format('ALTER TABLE spendwatch.%I RENAME TO %I', copies, merge.month);
  EXECUTE format('ALTER TABLE spendwatch.transactions ATTACH PARTITION spendwatch.%I FOR VALUES FROM (%L) TO (%L)', merge.month,
                 spendwatch.partition_end(merge.month) - interval '1 month', spendwatch.partition_end(merge.month));
  EXECUTE format('ALTER TABLE spendwatch.%I DROP CONSTRAINT within_month', merge.month);
  DELETE FROM spendwatch.merged_days WHERE month = merge.month;
  DELETE FROM spendwatch.merges WHERE month = merge.month;
  RETURN 'merged';
EXCEPTION
  WHEN lock_not_available THEN
    RETURN 'waiting';
  WHEN check_violation THEN
    UPDATE spendwatch.merges SET refused = this_day || ': ' || SQLERRM WHERE month = left(days[1], 19);
    RETURN 'copied';
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.merge_old_days(integer, timestamptz) FROM PUBLIC;

-- Making. A producer whose clock is wrong, or who sends what is old, cannot have hundreds of partitions made at once: of the past there are
-- settings.partitions_per_minute new ones within any minute, by all nodes together. What is beyond it waits: its batch is tried again, with
-- an error that says so. Those of today, yesterday and the days to come are always made. Not instead of waiting: a partition for
-- everything else (each new partition would have to read it, under a lock), or coarser ones (days and months within a year could not be
-- made any more). It cannot wait for long: back to event-time-floor there are some hundred months.
ALTER TABLE spendwatch.settings ADD COLUMN partitions_per_minute integer NOT NULL DEFAULT 150 CHECK (partitions_per_minute > 0);
COMMENT ON COLUMN spendwatch.settings.partitions_per_minute IS
  'how many partitions that ended more than a day ago are made within a minute, at most; transactions beyond it wait';
CREATE TABLE spendwatch.partitions_made (
  name    text        NOT NULL,
  made_at timestamptz NOT NULL
);
COMMENT ON TABLE spendwatch.partitions_made IS 'partitions of the past that were made within the last hour';

-- As in V0041, but for the bound.
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
  most        integer;
  allowed     integer;
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
  SELECT partition_granularity, date_trunc('month', clock_timestamp() - daily_for), partitions_per_minute
    INTO STRICT granularity, daily_since, most
    FROM spendwatch.settings;
  SELECT most - count(*) INTO STRICT allowed
    FROM spendwatch.partitions_made
   WHERE made_at > clock_timestamp() - interval '1 minute';

  -- The newest first: today's must not wait for those of the past.
  FOR day IN SELECT d FROM unnest(spendwatch.days_without_partition(instants)) AS d ORDER BY d DESC LOOP
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
    IF spendwatch.partition_end(name) < clock_timestamp() - interval '24 hours' THEN
      IF allowed <= 0 THEN
        -- What was made stays; who asked finds out that something is missing, and asks again.
        EXIT WHEN made > 0;
        RAISE EXCEPTION '% partitions of the past were made within a minute; that of % waits (settings.partitions_per_minute)',
          most, to_char(day, 'YYYY-MM-DD') USING ERRCODE = 'configuration_limit_exceeded';
      END IF;
      allowed := allowed - 1;
      INSERT INTO spendwatch.partitions_made VALUES (name, clock_timestamp());
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
