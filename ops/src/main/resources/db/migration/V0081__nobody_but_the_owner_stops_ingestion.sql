-- Nobody but the owner can have a new day's records wait. Making and merging partitions is done by one session at a time, so far under an
-- advisory lock: any login may take one of those, and who held this one stopped every record of a new day. Now it is a row of a table that
-- nobody else may lock: that takes UPDATE or DELETE on it, and nobody has either. Not the functions' own tables: they are locked otherwise
-- while a partition is made. Two versions side by side: the functions are the database's, so that nodes of before lock the row, too.
--
-- One at a time, too, are audits, roll-ups, removals and migrations, under advisory locks as before: they last for many transactions, which
-- a row cannot be locked for. Who takes these keeps nobody's records waiting.

CREATE TABLE spendwatch.locks (
  work text PRIMARY KEY
);
COMMENT ON TABLE spendwatch.locks IS 'what one session does at a time, by locking a row; for the owner, whose functions do';
INSERT INTO spendwatch.locks VALUES ('ensure_partitions'), ('merge_old_days');

-- The functions stay as they were, but for this.
DO $$
DECLARE
  routine regprocedure;
  before  text;
  after   text;
BEGIN
  FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = 'spendwatch'::regnamespace AND prosrc ~ 'advisory' ORDER BY proname LOOP
    before := pg_get_functiondef(routine);
    after := replace(before, $lock$PERFORM pg_advisory_xact_lock(hashtextextended('spendwatch.ensure_partitions', 0));$lock$,
                     $lock$PERFORM FROM spendwatch.locks WHERE work = 'ensure_partitions' FOR UPDATE;$lock$);
    after := replace(after, $lock$IF NOT pg_try_advisory_xact_lock(hashtextextended('spendwatch.merge_old_days', 0)) THEN$lock$,
                     $lock$PERFORM FROM spendwatch.locks WHERE work = 'merge_old_days' FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN$lock$);
    IF after ~ 'advisory' THEN
      RAISE EXCEPTION 'function % takes an advisory lock that this migration does not know', routine;
    END IF;
    EXECUTE after;
  END LOOP;
END
$$;
