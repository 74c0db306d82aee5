-- How the audit finds the rows of a stretch of offsets: what is new, and what no record can have led to.
--
-- The guarantee: a stretch of one partition's offsets is found by reading the blocks of the table in which it lies, those that no summary
-- describes yet, and nothing else, however old the table is and however far the partitions of the topic are apart.
--
-- An index of offsets alone does not keep that: it finds all partitions' rows with such an offset, and where one partition is a tenth
-- ahead of another, that tenth of all the table is read for the one behind. The summary of one number for both keeps them apart: of some
-- 6,000 rows it has up to 256 bounds, which are 128 stretches of offsets, of as many partitions.

-- One number for a partition and an offset: all of a partition before those of the next. For partitions below 2^15 and offsets below 2^48.
-- Put in place of the call by the planner, in the index as in conditions, so both have to ask by it.
CREATE FUNCTION spendwatch.record_position(kafka_partition integer, kafka_offset bigint)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (kafka_partition::bigint << 48) + kafka_offset;

-- Building it reads all rows while writes wait. One index for all, as before: what an insert pays is the look-up of the summary. Offsets by
-- themselves stay in it, since it is by them that the planner sees that rows lie in the order in which they came.
DROP INDEX spendwatch.transactions_brin;
CREATE INDEX transactions_brin ON spendwatch.transactions
 USING brin (event_time, kafka_offset int8_minmax_multi_ops,
             spendwatch.record_position(kafka_partition, kafka_offset) int8_minmax_multi_ops (values_per_range = 256))
  WITH (autosummarize = on);

-- An index of an empty table has a summary of its first blocks, and it is made anew with each row that comes into them: 100 us a row, of
-- some 7,000. Without it they are summarised like all others, once they are full.
CREATE FUNCTION spendwatch.begin_summaries(empty_table regclass) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM brin_desummarize_range(indexrelid, 0)
     FROM pg_index
     JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = empty_table
      AND relam = (SELECT oid FROM pg_am WHERE amname = 'brin');
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.begin_summaries(regclass) FROM PUBLIC;

DO $$
DECLARE
  create_table constant text := $create$EXECUTE format\('CREATE TABLE spendwatch.%I \(LIKE spendwatch.transactions INCLUDING ALL\)', ([a-z]+)\);$create$;
  routine regprocedure;
  changed integer := 0;
BEGIN
  PERFORM spendwatch.begin_summaries(inhrelid)
     FROM pg_inherits
    WHERE inhparent = 'spendwatch.transactions'::regclass
      AND pg_relation_size(inhrelid) = 0;
  -- ensure_partitions and merge_old_days, as they are but for that.
  FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = 'spendwatch'::regnamespace AND prosrc ~ create_table LOOP
    EXECUTE regexp_replace(pg_get_functiondef(routine), '( *)(' || create_table || ')',
                           E'\\1\\2\n\\1PERFORM spendwatch.begin_summaries(format(''spendwatch.%I'', \\3)::regclass);', 'g');
    changed := changed + 1;
  END LOOP;
  IF changed <> 2 THEN
    RAISE EXCEPTION '% functions make partitions, not 2', changed;
  END IF;
END
$$;
