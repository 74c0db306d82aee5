-- What an audit has said stays as it was said, and a change of it shows.
--
-- A run that has ended is never changed, nor deleted; a finding belongs to the run that found it first, is resolved by a later run, and is
-- nothing else ever. Triggers hold that against whoever may write here, and against the owner's mistakes.
-- Each run that has ended carries a hash of itself, of what it found and resolved, and of the hash before it. Who changes, removes or
-- inserts one, with whatever rights, has to change all that came after it, too, and reconciliation_chain; who has noted the last hash
-- elsewhere (spendwatch audit prints it) sees that. Runs that had ended before this migration are in front of the chain.
-- Not signed: whoever could sign for the nodes could sign for the intruder, too.

ALTER TABLE spendwatch.reconciliation_runs ADD COLUMN place bigint UNIQUE;
ALTER TABLE spendwatch.reconciliation_runs ADD COLUMN hash bytea;
COMMENT ON COLUMN spendwatch.reconciliation_runs.place IS 'in the chain of runs that have ended, from 1; null before it ends';
COMMENT ON COLUMN spendwatch.reconciliation_runs.hash IS 'of the one before, of this row and of what the run found and resolved';
CREATE INDEX reconciliation_findings_run ON spendwatch.reconciliation_findings (run_id);
CREATE INDEX reconciliation_findings_resolved ON spendwatch.reconciliation_findings (resolved_run_id) WHERE resolved_run_id IS NOT NULL;

CREATE TABLE spendwatch.reconciliation_chain (
  place       bigint NOT NULL,
  hash        bytea  NOT NULL,
  runs_before bigint NOT NULL
);
COMMENT ON TABLE spendwatch.reconciliation_chain IS 'the last run that has ended, and its hash; one row';
COMMENT ON COLUMN spendwatch.reconciliation_chain.runs_before IS 'runs up to this number had ended before there was a chain';
INSERT INTO spendwatch.reconciliation_chain
SELECT 0, sha256(convert_to('spendwatch', 'UTF8')), coalesce(max(run_id), 0)
  FROM spendwatch.reconciliation_runs
 WHERE outcome IS NOT NULL;

-- Reads what the run found first and what it resolved, by an index.
CREATE FUNCTION spendwatch.run_hash(before bytea, run spendwatch.reconciliation_runs) RETURNS bytea
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
RETURN sha256(before || convert_to(jsonb_build_array(
         run.run_id, run.place, run.mode, run.node_id, extract(epoch FROM run.started_at), extract(epoch FROM run.finished_at), run.outcome,
         extract(epoch FROM run.settled_until), run.transactions, run.alerts, run.offsets, run.users_awake, run.findings, run.failure,
         run.rule, run.rule_version,
         (SELECT jsonb_agg(jsonb_build_array(found.finding_id, found.kind, found.user_id, found.transaction_id, found.alert_id,
                                             found.kafka_partition, found.kafka_offset, extract(epoch FROM found.event_time))
                           ORDER BY found.finding_id)
            FROM spendwatch.reconciliation_findings AS found
           WHERE found.run_id = run.run_id),
         (SELECT jsonb_agg(resolved.finding_id ORDER BY resolved.finding_id)
            FROM spendwatch.reconciliation_findings AS resolved
           WHERE resolved.resolved_run_id = run.run_id))::text, 'UTF8'));

CREATE FUNCTION spendwatch.chain_runs() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last_hash bytea;
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.outcome IS NOT NULL OR TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'run % of the audit has been: it is not changed, nor deleted', OLD.run_id USING ERRCODE = 'restrict_violation';
  END IF;
  NEW.place := NULL;
  NEW.hash := NULL;
  IF NEW.outcome IS NOT NULL THEN
    -- One after the other, whoever ends them.
    UPDATE spendwatch.reconciliation_chain SET place = place + 1 RETURNING place, hash INTO STRICT NEW.place, last_hash;
    NEW.hash := spendwatch.run_hash(last_hash, NEW);
    UPDATE spendwatch.reconciliation_chain SET hash = NEW.hash;
  END IF;
  RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.chain_runs() FROM PUBLIC;
CREATE TRIGGER chain_runs BEFORE INSERT OR UPDATE OR DELETE ON spendwatch.reconciliation_runs
  FOR EACH ROW EXECUTE FUNCTION spendwatch.chain_runs();

CREATE FUNCTION spendwatch.keep_findings() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  changed_by bigint;
BEGIN
  -- The run that does it, which must be under way.
  changed_by := CASE
    WHEN TG_OP = 'DELETE' THEN OLD.run_id
    WHEN TG_OP = 'INSERT' THEN NEW.run_id
    WHEN NEW.resolved_run_id IS DISTINCT FROM OLD.resolved_run_id THEN NEW.resolved_run_id
    ELSE NEW.last_run_id
  END;
  IF NOT EXISTS (SELECT FROM spendwatch.reconciliation_runs WHERE run_id = changed_by AND outcome IS NULL)
    OR TG_OP = 'INSERT' AND NEW.resolved_run_id IS NOT NULL
    OR TG_OP = 'UPDATE' AND (OLD.resolved_run_id IS NOT NULL
        OR (NEW.finding_id, NEW.run_id, NEW.kind, NEW.user_id, NEW.transaction_id, NEW.alert_id, NEW.kafka_partition, NEW.kafka_offset,
            NEW.event_time)
           IS DISTINCT FROM
           (OLD.finding_id, OLD.run_id, OLD.kind, OLD.user_id, OLD.transaction_id, OLD.alert_id, OLD.kafka_partition, OLD.kafka_offset,
            OLD.event_time))
  THEN
    RAISE EXCEPTION 'findings of the audit are added, found again or resolved by a run that is under way, and nothing else'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN coalesce(NEW, OLD);
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.keep_findings() FROM PUBLIC;
CREATE TRIGGER keep_findings BEFORE INSERT OR UPDATE OR DELETE ON spendwatch.reconciliation_findings
  FOR EACH ROW EXECUTE FUNCTION spendwatch.keep_findings();

CREATE FUNCTION spendwatch.keep_all() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'table % is not emptied', TG_RELID::regclass USING ERRCODE = 'restrict_violation';
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.keep_all() FROM PUBLIC;
CREATE TRIGGER keep_all BEFORE TRUNCATE ON spendwatch.reconciliation_runs
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.keep_all();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON spendwatch.reconciliation_findings
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.keep_all();

-- Where the chain does not hold. Goes through all runs, and reads the findings of each by an index: some 20,000 a second.
CREATE FUNCTION spendwatch.broken_runs() RETURNS TABLE (run_id bigint, reason text)
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH chain AS (
    SELECT run.run_id, run.place, run.hash, run,
           coalesce(lag(run.place) OVER earlier, 0) AS place_before,
           coalesce(lag(run.hash) OVER earlier, sha256(convert_to('spendwatch', 'UTF8'))) AS hash_before
      FROM spendwatch.reconciliation_runs AS run
     WHERE run.place IS NOT NULL
    WINDOW earlier AS (ORDER BY run.place)
  )
  SELECT chain.run_id, 'runs before it are gone'
    FROM chain
   WHERE place <> place_before + 1
  UNION ALL
  SELECT chain.run_id, 'it was changed, or what it found or resolved'
    FROM chain
   WHERE place = place_before + 1
     AND hash <> spendwatch.run_hash(hash_before, run)
  UNION ALL
  SELECT run.run_id, 'it is not in the chain'
    FROM spendwatch.reconciliation_runs AS run, spendwatch.reconciliation_chain AS head
   WHERE run.outcome IS NOT NULL
     AND run.place IS NULL
     AND run.run_id > head.runs_before
  UNION ALL
  SELECT last.run_id, 'later ones are gone'
    FROM spendwatch.reconciliation_chain AS head
    LEFT JOIN LATERAL (SELECT * FROM chain ORDER BY place DESC LIMIT 1) AS last ON true
   WHERE head.place <> coalesce(last.place, 0)
      OR last.place IS NOT NULL AND head.hash <> last.hash;
END;
COMMENT ON FUNCTION spendwatch.broken_runs() IS 'runs of the audit at which their chain does not hold; none unless somebody has changed something';
REVOKE EXECUTE ON FUNCTION spendwatch.run_hash(bytea, spendwatch.reconciliation_runs), spendwatch.broken_runs() FROM PUBLIC;
