-- One user's id gives way to a pseudonym, wherever the tables have it (record 0040): `spendwatch erase`.
--
-- The guarantee: whoever reads after an erasure has ended finds the id in no row, and nothing that leads from the pseudonym to it; sums,
-- offsets, roll-ups, alerts and what audits have said hold as before, of the pseudonym. While it is under way, and only then, its row of
-- erasures has both: whoever goes on with it after a crash needs them. What does not belong to an erasure under way may be renamed by
-- nobody: the triggers that keep accounts, findings and runs as they are let these changes pass, and no other.
--
-- Why not delete the rows: each offset of the topic has its row, or the audit says which is missing; hours, merchants and the numbers of
-- alerts add up. Why no list of erased ids, by which a record that comes again could be turned away: it would be what was to be erased.

CREATE TABLE spendwatch.erasures (
  pseudonym   text COLLATE "C" PRIMARY KEY,
  user_id     text COLLATE "C" UNIQUE,
  live_at     timestamptz,
  place       bigint,
  hash_before bytea,
  hash_after  bytea
);
COMMENT ON TABLE spendwatch.erasures IS 'pseudonyms of users who were erased, and, while that is under way, of whom';
COMMENT ON COLUMN spendwatch.erasures.user_id IS 'null once nothing is left of it: then nothing says whose pseudonym it is';
COMMENT ON COLUMN spendwatch.erasures.live_at IS 'from when on nodes go by the pseudonym; what comes later is of a new customer; null at the end';
COMMENT ON COLUMN spendwatch.erasures.place IS
  'of the last run in the chain of audits whose hash was hash_before and is hash_after, since a finding named the user; else null';

CREATE VIEW spendwatch.erased_users AS
SELECT pseudonym, place, hash_before, hash_after FROM spendwatch.erasures;
COMMENT ON VIEW spendwatch.erased_users IS 'users who are known by a pseudonym only; nobody knows any more who they were';

CREATE FUNCTION spendwatch.is_erased_as(user_id text, pseudonym text) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM spendwatch.erasures AS erasure
                WHERE erasure.user_id = is_erased_as.user_id AND erasure.pseudonym = is_erased_as.pseudonym);
REVOKE EXECUTE ON FUNCTION spendwatch.is_erased_as(text, text) FROM PUBLIC;
COMMENT ON FUNCTION spendwatch.is_erased_as(text, text) IS 'whether an erasure that is under way gives this user that pseudonym';

-- The functions stay as they were, but for this.
DO $$
DECLARE
  change record;
  before text;
  after  text;
BEGIN
  FOR change IN
    SELECT *
      FROM (VALUES
        -- A user who is erased keeps the account with its number, and nobody is told of a change: there is none.
        ('spendwatch.keep_account_version()', $old$  NEW.updated_at := now();$old$,
         $new$  IF NEW.user_id <> OLD.user_id AND spendwatch.is_erased_as(OLD.user_id, NEW.user_id) THEN
    RETURN NEW;
  END IF;
  NEW.updated_at := now();$new$),
        ('spendwatch.rename_account()', $old$  INSERT INTO spendwatch.closed_accounts AS closed$old$,
         $new$  IF spendwatch.is_erased_as(OLD.user_id, NEW.user_id) THEN
    RETURN NEW;
  END IF;
  INSERT INTO spendwatch.closed_accounts AS closed$new$),
        ('spendwatch.push_updated_accounts()', $old$     WHERE old_rows.last_version IS DISTINCT FROM new_rows.last_version$old$,
         $new$     WHERE old_rows.last_version IS DISTINCT FROM new_rows.last_version
       AND NOT ((old_rows.last_version IS NULL OR new_rows.last_version IS NULL)
                AND EXISTS (SELECT FROM spendwatch.erasures AS erasure
                             WHERE coalesce(old_rows.user_id, new_rows.user_id) IN (erasure.user_id, erasure.pseudonym)
                               AND erasure.user_id IS NOT NULL))$new$),
        -- What a finding says stays, of whom it says it does not.
        ('spendwatch.keep_findings()', $old$  -- The run that does it, which must be under way.$old$,
         $new$  IF TG_OP = 'UPDATE' AND NEW.user_id <> OLD.user_id AND spendwatch.is_erased_as(OLD.user_id, NEW.user_id)
    AND to_jsonb(NEW) - '{user_id,expected,actual,detail,reproduce}'::text[]
      = to_jsonb(OLD) - '{user_id,expected,actual,detail,reproduce}'::text[]
  THEN
    RETURN NEW;
  END IF;
  -- The run that does it, which must be under way.$new$),
        ('spendwatch.chain_runs()', $old$  IF TG_OP <> 'INSERT' AND OLD.outcome IS NOT NULL OR TG_OP = 'DELETE' THEN$old$,
         $new$  IF TG_OP = 'UPDATE' AND OLD.outcome IS NOT NULL AND to_jsonb(NEW) - 'hash' = to_jsonb(OLD) - 'hash'
    AND EXISTS (SELECT FROM spendwatch.erasures WHERE user_id IS NOT NULL)
  THEN
    RETURN NEW;
  END IF;
  IF TG_OP <> 'INSERT' AND OLD.outcome IS NOT NULL OR TG_OP = 'DELETE' THEN$new$)
      ) AS changes (routine, old, new)
  LOOP
    before := pg_get_functiondef(change.routine::regprocedure);
    after := replace(before, change.old, change.new);
    IF after = before THEN
      RAISE EXCEPTION 'function % is not as this migration knows it', change.routine;
    END IF;
    EXECUTE after;
  END LOOP;
END
$$;

-- An alert whose episode began before its user was erased is the pseudonym's, also where the node that writes it has not heard of that
-- yet. Alerts are few; of transactions none comes so, as nobody is erased whose transactions are still coming.
CREATE FUNCTION spendwatch.name_as_erased() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  erased_as text;
BEGIN
  SELECT erasure.pseudonym INTO erased_as
    FROM spendwatch.erasures AS erasure
   WHERE erasure.user_id = NEW.user_id
     AND EXISTS (SELECT FROM spendwatch.alerts AS known
                  WHERE known.user_id = erasure.pseudonym AND known.episode_id = NEW.episode_id);
  IF FOUND THEN
    NEW.user_id := erased_as;
  END IF;
  RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.name_as_erased() FROM PUBLIC;
CREATE TRIGGER name_as_erased BEFORE INSERT ON spendwatch.alerts
  FOR EACH ROW EXECUTE FUNCTION spendwatch.name_as_erased();

-- The chain of audits (V0082) holds of the runs as they are now, from this place on. Hashes some 20,000 runs a second; meanwhile no audit
-- can end, so that whoever calls it keeps audits away. To be called where the chain has held before.
CREATE FUNCTION spendwatch.rechain_runs(from_place bigint) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  run       spendwatch.reconciliation_runs;
  last_hash bytea;
BEGIN
  PERFORM FROM spendwatch.reconciliation_chain FOR UPDATE;
  SELECT hash INTO last_hash FROM spendwatch.reconciliation_runs WHERE place = from_place - 1;
  last_hash := coalesce(last_hash, sha256(convert_to('spendwatch', 'UTF8')));
  FOR run IN SELECT * FROM spendwatch.reconciliation_runs WHERE place >= from_place ORDER BY place LOOP
    last_hash := spendwatch.run_hash(last_hash, run);
    UPDATE spendwatch.reconciliation_runs SET hash = last_hash WHERE run_id = run.run_id;
  END LOOP;
  UPDATE spendwatch.reconciliation_chain SET hash = last_hash;
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.rechain_runs(bigint) FROM PUBLIC;
