-- The archive: which days have left for it, and that none goes before its copy was compared with it (record 0030).
--
-- The guarantee, against whoever drops partitions, runs the archive, or dies meanwhile: once an archive is set, a partition of
-- transactions is dropped only if each of its days has exactly the rows that were last found in the archive, all of them, in all columns.
-- It is asked under the lock that keeps everybody from writing to a detached partition, so a late row is not dropped with it.
-- Who wants a retention without an archive after all says so: UPDATE spendwatch.settings SET archive_uri = NULL.
--
-- Rows are compared by the sum of a 64-bit hash of each, of all columns, which is the same in whatever order they are read. The hash is
-- the server's own, so digests do not outlive a major version that changes it: what is compared is then found different, nothing is
-- dropped, and the next run of the archive compares row by row and notes the new digest.
ALTER TABLE spendwatch.settings ADD COLUMN archive_uri text;
COMMENT ON COLUMN spendwatch.settings.archive_uri IS
  'where the archive is; noted by its first run. Null: there is none, and retention drops without';

CREATE TABLE spendwatch.archived_days (
  day                date PRIMARY KEY,
  archived_at        timestamptz NOT NULL,
  revision           integer     NOT NULL,
  transactions       bigint      NOT NULL,
  alerts             bigint      NOT NULL,
  bytes              bigint      NOT NULL,
  table_transactions bigint      NOT NULL,
  table_digest       numeric     NOT NULL,
  table_alerts       bigint      NOT NULL,
  table_versions     bigint      NOT NULL,
  dropped_at         timestamptz,
  kept_until         timestamptz
);
COMMENT ON TABLE spendwatch.archived_days IS 'days (UTC) that are in the archive; its manifests have the rest';
COMMENT ON COLUMN spendwatch.archived_days.revision IS 'of its manifest: 0 for the first, one more with each addendum of late rows';
COMMENT ON COLUMN spendwatch.archived_days.transactions IS 'that the archive has';
COMMENT ON COLUMN spendwatch.archived_days.bytes IS 'of its files';
COMMENT ON COLUMN spendwatch.archived_days.table_transactions IS
  'that the table had when it was last compared with the archive, all of which are there; table_digest is of them';
COMMENT ON COLUMN spendwatch.archived_days.table_alerts IS 'likewise, of alerts; table_versions of account_versions';
COMMENT ON COLUMN spendwatch.archived_days.dropped_at IS 'when its transactions were dropped; null while they are in the table';
COMMENT ON COLUMN spendwatch.archived_days.kept_until IS 'of a day that was restored: retention leaves it alone until then';

-- What the rows of a table with the columns of transactions add up to, by day.
CREATE FUNCTION spendwatch.day_digests(relation regclass, begins timestamptz, ends timestamptz)
  RETURNS TABLE (day date, transactions bigint, digest numeric)
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT (event_time AT TIME ZONE ''UTC'')::date, count(*),
            sum(hash_record_extended(
                  ROW(user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, original_transaction_id,
                      exposure_minor, balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at,
                      known_version), 0)::numeric)
       FROM %s
      WHERE event_time >= $1 AND event_time < $2
      GROUP BY 1', relation)
    USING begins, ends;
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.day_digests(regclass, timestamptz, timestamptz) FROM PUBLIC;

-- Whether a partition may go: always without an archive; with one, if its days are there as they are here. Reads the partition, at some
-- two million rows a second, but for days that were never archived.
CREATE FUNCTION spendwatch.may_drop_partition(name text) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  ends   timestamptz := spendwatch.partition_end(name);
  begins timestamptz := ends - CASE WHEN length(name) = length('transactions_YYYYMM') THEN interval '1 month' ELSE interval '1 day' END;
  found  boolean;
BEGIN
  IF (SELECT archive_uri IS NULL FROM spendwatch.settings) THEN
    RETURN true;
  END IF;
  IF EXISTS (SELECT FROM spendwatch.archived_days AS archived
              WHERE archived.day >= (begins AT TIME ZONE 'UTC')::date AND archived.day < (ends AT TIME ZONE 'UTC')::date
                AND archived.kept_until > clock_timestamp())
  THEN
    RETURN false;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM spendwatch.%I)', name) INTO STRICT found;
  IF NOT found THEN
    RETURN true;
  END IF;
  IF NOT EXISTS (SELECT FROM spendwatch.archived_days AS archived
                  WHERE archived.day >= (begins AT TIME ZONE 'UTC')::date AND archived.day < (ends AT TIME ZONE 'UTC')::date)
  THEN
    RETURN false;
  END IF;
  RETURN NOT EXISTS (
    SELECT FROM spendwatch.day_digests(format('spendwatch.%I', name)::regclass, begins, ends) AS here
      LEFT JOIN spendwatch.archived_days AS archived USING (day)
     WHERE (here.transactions, here.digest) IS DISTINCT FROM (archived.table_transactions, archived.table_digest));
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.may_drop_partition(text) FROM PUBLIC;

-- As in V0012, but for the archive: a partition that may not go is brought back into sight.
CREATE OR REPLACE FUNCTION spendwatch.drop_detached_partition(name text) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  ends   timestamptz := spendwatch.partition_end(name);
  begins timestamptz := ends - CASE WHEN length(name) = length('transactions_YYYYMM') THEN interval '1 month' ELSE interval '1 day' END;
BEGIN
  -- Nobody brings it back at this moment.
  PERFORM pg_advisory_xact_lock(hashtextextended('spendwatch.ensure_partitions', 0));
  IF ends IS NULL OR spendwatch.partition_state(name) IS DISTINCT FROM 'detached' THEN
    RETURN false;
  END IF;
  IF NOT spendwatch.may_drop_partition(name) THEN
    PERFORM spendwatch.ensure_partitions(ARRAY[begins]);
    RETURN false;
  END IF;
  EXECUTE format('DROP TABLE spendwatch.%I', name);
  UPDATE spendwatch.settings SET dropped_before = greatest(dropped_before, ends);
  UPDATE spendwatch.archived_days AS archived
     SET dropped_at = clock_timestamp(), kept_until = NULL, table_transactions = 0, table_digest = 0
   WHERE archived.day >= (begins AT TIME ZONE 'UTC')::date AND archived.day < (ends AT TIME ZONE 'UTC')::date;
  RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.drop_detached_partition(text) FROM PUBLIC;
