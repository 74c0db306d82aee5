-- What is older than it is to be kept goes: versions of balances, alerts, runs of the audit with what they have found, and entries of the
-- operators' trail (record 0042). How long each is kept is a setting of the nodes; without one nothing goes.
--
-- The guarantee, against whoever reads, writes, audits or dies meanwhile:
--   * Nothing goes that a transaction which is there can need: versions and alerts go only where they are of before dropped_before - 48 h, a
--     window and the lateness before the oldest transaction that is kept; where no transaction was ever dropped none of them does. A
--     version stays while it is the one in force there, or was not known by then to have been followed; an alert stays until its whole
--     episode is before it, so that an open one keeps its RAISED.
--   * Where there is an archive, versions and alerts go only of days that it has as they are here.
--   * What was removed is told apart from what is missing: removed_alerts has the numbers of the alerts, reconciliation_chain the hash that
--     the first run that is left follows, and the trail an entry of each removal.
--   * A step locks the rows that go and those of the tables here, so nobody who writes waits for it.
-- A pass over a table is done once a day, in steps; how far it has come is kept, so that any node goes on where another one died.
-- For the owner alone: an audit's findings and the trail are removed by nobody else.

CREATE TABLE spendwatch.retention (
  kind        text PRIMARY KEY,
  horizon     timestamptz,
  complete    boolean NOT NULL DEFAULT true,
  place       jsonb,
  days        date[],
  removed_now bigint  NOT NULL DEFAULT 0,
  removed     bigint  NOT NULL DEFAULT 0
);
COMMENT ON TABLE spendwatch.retention IS 'how far what is old has been removed, a row for each kind';
COMMENT ON COLUMN spendwatch.retention.horizon IS 'of the last pass, or of the one under way: what it removes is older; null before the first';
COMMENT ON COLUMN spendwatch.retention.place IS 'of a pass that is under way: it goes on behind it';
COMMENT ON COLUMN spendwatch.retention.days IS 'likewise, with an archive: whose rows it had, all of them, when the pass began; null without one';
COMMENT ON COLUMN spendwatch.retention.removed IS 'rows, ever; removed_now in the last pass';
INSERT INTO spendwatch.retention (kind) VALUES ('account_versions'), ('alerts'), ('audits'), ('operator_actions');

CREATE TABLE spendwatch.removed_alerts (
  kafka_partition integer        PRIMARY KEY,
  numbers         int8multirange NOT NULL
);
COMMENT ON TABLE spendwatch.removed_alerts IS 'partition_seq of the alerts that were removed because they were old: the audit does not miss them';

ALTER TABLE spendwatch.reconciliation_chain
  ADD COLUMN removed_place bigint NOT NULL DEFAULT 0,
  ADD COLUMN removed_hash bytea NOT NULL DEFAULT sha256(convert_to('spendwatch', 'UTF8')),
  ADD COLUMN removed_before timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN spendwatch.reconciliation_chain.removed_place IS 'runs up to this one were removed because they were old; 0: none';
COMMENT ON COLUMN spendwatch.reconciliation_chain.removed_hash IS 'the hash that the last of them had, which the next one follows';
COMMENT ON COLUMN spendwatch.reconciliation_chain.removed_before IS 'runs outside the chain that began before this may have been removed, too';
-- A run's place in the order in which they are removed: 0 for those from before the chain and those that never ended; null for one that is
-- under way, or may be.
CREATE FUNCTION spendwatch.place_of(run spendwatch.reconciliation_runs, ended_by timestamptz) RETURNS bigint
  LANGUAGE sql IMMUTABLE
RETURN CASE WHEN (run).place IS NOT NULL THEN (run).place WHEN (run).started_at < ended_by THEN 0 END;
REVOKE EXECUTE ON FUNCTION spendwatch.place_of(spendwatch.reconciliation_runs, timestamptz) FROM PUBLIC;
-- For whoever removes a run.
CREATE INDEX reconciliation_findings_last ON spendwatch.reconciliation_findings (last_run_id);

-- As in V0082, but that runs which were removed as old are not missing.
CREATE OR REPLACE FUNCTION spendwatch.broken_runs() RETURNS TABLE (run_id bigint, reason text)
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH chain AS (
    SELECT run.run_id, run.place, run.hash, run,
           coalesce(lag(run.place) OVER earlier, head.removed_place) AS place_before,
           coalesce(lag(run.hash) OVER earlier, head.removed_hash) AS hash_before
      FROM spendwatch.reconciliation_runs AS run
     CROSS JOIN spendwatch.reconciliation_chain AS head
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

-- As in V0100, but that runs which the chain says are removed may go.
CREATE OR REPLACE FUNCTION spendwatch.chain_runs() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last_hash bytea;
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (
    SELECT FROM spendwatch.reconciliation_chain
     WHERE CASE WHEN OLD.place IS NULL THEN OLD.started_at < removed_before ELSE OLD.place <= removed_place END)
  THEN
    RETURN OLD;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.outcome IS NOT NULL AND to_jsonb(NEW) - 'hash' = to_jsonb(OLD) - 'hash'
    AND EXISTS (SELECT FROM spendwatch.erasures WHERE user_id IS NOT NULL)
  THEN
    RETURN NEW;
  END IF;
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

-- As in V0100, but that what removed runs have found and resolved may go with them.
CREATE OR REPLACE FUNCTION spendwatch.keep_findings() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  changed_by bigint;
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (
    SELECT
      FROM spendwatch.reconciliation_chain AS head
      JOIN spendwatch.reconciliation_runs AS finder ON finder.run_id = OLD.run_id
      JOIN spendwatch.reconciliation_runs AS resolved ON resolved.run_id = OLD.resolved_run_id
     WHERE spendwatch.place_of(finder, head.removed_before) <= head.removed_place
       AND spendwatch.place_of(resolved, head.removed_before) <= head.removed_place)
  THEN
    RETURN OLD;
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.user_id <> OLD.user_id AND spendwatch.is_erased_as(OLD.user_id, NEW.user_id)
    AND to_jsonb(NEW) - '{user_id,expected,actual,detail,reproduce}'::text[]
      = to_jsonb(OLD) - '{user_id,expected,actual,detail,reproduce}'::text[]
  THEN
    RETURN NEW;
  END IF;
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

-- As in V0100, but that the first run that is left follows the last one that was removed.
CREATE OR REPLACE FUNCTION spendwatch.rechain_runs(from_place bigint) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  run       spendwatch.reconciliation_runs;
  last_hash bytea;
BEGIN
  SELECT removed_hash INTO last_hash FROM spendwatch.reconciliation_chain FOR UPDATE;
  last_hash := coalesce((SELECT hash FROM spendwatch.reconciliation_runs WHERE place = from_place - 1), last_hash);
  FOR run IN SELECT * FROM spendwatch.reconciliation_runs WHERE place >= from_place ORDER BY place LOOP
    last_hash := spendwatch.run_hash(last_hash, run);
    UPDATE spendwatch.reconciliation_runs SET hash = last_hash WHERE run_id = run.run_id;
  END LOOP;
  UPDATE spendwatch.reconciliation_chain SET hash = last_hash;
END
$$;

-- As in V0083, but that entries which are older than the trail is kept go, in a pass of remove_old.
CREATE OR REPLACE FUNCTION spendwatch.keep_operator_actions() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  removed_before timestamptz;
BEGIN
  IF TG_OP = 'DELETE' THEN
    SELECT horizon INTO removed_before FROM spendwatch.retention WHERE kind = 'operator_actions' AND NOT complete;
    IF FOUND AND (TG_LEVEL = 'STATEMENT' OR OLD.at < removed_before) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'what was done has been done: operator_actions is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER keep_each_operator_action BEFORE DELETE ON spendwatch.operator_actions
  FOR EACH ROW EXECUTE FUNCTION spendwatch.keep_operator_actions();

-- The next step of a pass: removes what is older than horizon behind this place, having looked at so many rows at most. next: where the next
-- step goes on; null: there is none.

CREATE FUNCTION spendwatch.remove_old_versions(horizon timestamptz, place jsonb, days date[], at_most integer, OUT gone bigint, OUT next jsonb)
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
BEGIN
  WITH looked_at AS MATERIALIZED (
    SELECT *
      FROM spendwatch.account_versions
     WHERE (user_id, as_of, balance_version)
           > (coalesce(place ->> 0, ''), coalesce((place ->> 1)::timestamptz, '-infinity'), coalesce((place ->> 2)::bigint, 0))
     ORDER BY user_id, as_of, balance_version
     LIMIT at_most
  ), removed AS (
    DELETE FROM spendwatch.account_versions AS version
     USING looked_at AS candidate
     WHERE (version.user_id, version.as_of, version.balance_version) = (candidate.user_id, candidate.as_of, candidate.balance_version)
       AND candidate.as_of < horizon
       AND candidate.recorded_at < horizon
       AND (days IS NULL OR (candidate.as_of AT TIME ZONE 'UTC')::date = ANY (days))
       -- Followed before the horizon, as was known by then; that the account went in between is told by this row alone.
       AND EXISTS (SELECT
                     FROM spendwatch.account_versions AS later
                    WHERE later.user_id = candidate.user_id
                      AND (later.as_of, later.balance_version) > (candidate.as_of, candidate.balance_version)
                      AND later.as_of >= coalesce(candidate.closed_at, candidate.as_of)
                      AND later.as_of < horizon
                      AND later.recorded_at < horizon)
    RETURNING (version.as_of AT TIME ZONE 'UTC')::date AS day
  ), noted AS (
    UPDATE spendwatch.archived_days AS archived
       SET table_versions = table_versions - by_day.versions
      FROM (SELECT day, count(*) AS versions FROM removed GROUP BY day) AS by_day
     WHERE days IS NOT NULL AND archived.day = by_day.day
  )
  SELECT (SELECT count(*) FROM removed),
         (SELECT jsonb_build_array(user_id, as_of, balance_version) FROM looked_at ORDER BY user_id, as_of, balance_version
          OFFSET at_most - 1)
    INTO gone, next;
END
$$;

CREATE FUNCTION spendwatch.remove_old_alerts(horizon timestamptz, place jsonb, days date[], at_most integer, OUT gone bigint, OUT next jsonb)
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
BEGIN
  WITH ended AS MATERIALIZED (
    SELECT *
      FROM spendwatch.alerts
     WHERE type = 'CLEARED'
       AND event_time < horizon
       AND (event_time, alert_id) > (coalesce((place ->> 0)::timestamptz, '-infinity'), coalesce(place ->> 1, ''))
     ORDER BY event_time, alert_id
     LIMIT at_most
  ), episode AS MATERIALIZED (
    SELECT array_agg(alert.alert_id) AS alert_ids
      FROM ended
      JOIN spendwatch.alerts AS alert ON alert.user_id = ended.user_id AND alert.episode_id = ended.episode_id
     GROUP BY ended.user_id, ended.episode_id
    HAVING count(*) = 2
       AND bool_and(
             alert.event_time < horizon
             AND alert.detected_at < horizon
             AND (days IS NULL OR (alert.event_time AT TIME ZONE 'UTC')::date = ANY (days))
             -- Who is behind has not had it yet: subscribers, and the roll-ups.
             AND EXISTS (SELECT FROM spendwatch.pipelines AS pipeline
                          WHERE pipeline.kafka_partition = alert.kafka_partition
                            AND pipeline.published_alert_seq >= alert.partition_seq)
             AND EXISTS (SELECT FROM spendwatch.rollup_alerts AS mark
                          WHERE mark.kafka_partition = alert.kafka_partition AND mark.alert_seq >= alert.partition_seq))
  ), removed AS (
    DELETE FROM spendwatch.alerts
     WHERE alert_id IN (SELECT unnest(alert_ids) FROM episode)
    RETURNING alert_id, kafka_partition, partition_seq, (event_time AT TIME ZONE 'UTC')::date AS day
  ), numbered AS (
    INSERT INTO spendwatch.removed_alerts AS known (kafka_partition, numbers)
    SELECT kafka_partition, range_agg(int8range(partition_seq, partition_seq + 1)) FROM removed GROUP BY kafka_partition
        ON CONFLICT (kafka_partition) DO UPDATE SET numbers = known.numbers + excluded.numbers
  ), forgotten AS (
    DELETE FROM spendwatch.seen_alerts WHERE alert_id IN (SELECT alert_id FROM removed)
  ), noted AS (
    UPDATE spendwatch.archived_days AS archived
       SET table_alerts = table_alerts - by_day.alerts
      FROM (SELECT day, count(*) AS alerts FROM removed GROUP BY day) AS by_day
     WHERE days IS NOT NULL AND archived.day = by_day.day
  )
  SELECT (SELECT count(*) FROM removed),
         (SELECT jsonb_build_array(event_time, alert_id) FROM ended ORDER BY event_time, alert_id OFFSET at_most - 1)
    INTO gone, next;
END
$$;

-- Runs from the first of the chain on, as far as none of what they have found is open, or was resolved by a run that stays. The last one
-- stays.
CREATE FUNCTION spendwatch.remove_old_audits(horizon timestamptz, at_most integer, OUT gone bigint, OUT next jsonb)
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  upto  bigint;
  lower bigint;
  more  bigint;
BEGIN
  SELECT coalesce(min(run.place) FILTER (WHERE run.finished_at >= horizon OR run.place >= head.place) - 1,
                  max(run.place), max(head.removed_place))
    INTO upto
    FROM spendwatch.reconciliation_chain AS head
    LEFT JOIN LATERAL (SELECT place, finished_at
                         FROM spendwatch.reconciliation_runs
                        WHERE place > head.removed_place
                        ORDER BY place
                        LIMIT at_most) AS run ON true;
  LOOP
    SELECT min(spendwatch.place_of(finder, horizon)) - 1
      INTO lower
      FROM spendwatch.reconciliation_findings AS finding
      JOIN spendwatch.reconciliation_runs AS finder ON finder.run_id = finding.run_id
      LEFT JOIN spendwatch.reconciliation_runs AS resolved ON resolved.run_id = finding.resolved_run_id
     WHERE spendwatch.place_of(finder, horizon) <= upto
       AND (spendwatch.place_of(resolved, horizon) <= upto) IS NOT TRUE;
    EXIT WHEN lower IS NULL;
    upto := lower;
  END LOOP;

  UPDATE spendwatch.reconciliation_chain AS head
     SET removed_place = run.place, removed_hash = run.hash
    FROM spendwatch.reconciliation_runs AS run
   WHERE run.place = upto AND upto > head.removed_place;
  UPDATE spendwatch.reconciliation_chain SET removed_before = greatest(removed_before, horizon);

  DELETE FROM spendwatch.reconciliation_findings AS finding
   USING spendwatch.reconciliation_chain AS head, spendwatch.reconciliation_runs AS finder, spendwatch.reconciliation_runs AS resolved
   WHERE finder.run_id = finding.run_id AND spendwatch.place_of(finder, horizon) <= head.removed_place
     AND resolved.run_id = finding.resolved_run_id AND spendwatch.place_of(resolved, horizon) <= head.removed_place;
  GET DIAGNOSTICS gone = ROW_COUNT;
  -- Beside those of the chain: from before there was one, and of audits that did not end.
  DELETE FROM spendwatch.reconciliation_runs
   WHERE run_id IN (
           SELECT run.run_id
             FROM spendwatch.reconciliation_chain AS head
             JOIN spendwatch.reconciliation_runs AS run
               ON run.place <= head.removed_place
                  OR run.place IS NULL AND run.started_at < horizon AND (run.outcome IS NULL OR run.run_id <= head.runs_before)
            WHERE NOT EXISTS (SELECT FROM spendwatch.reconciliation_findings AS finding
                               WHERE finding.run_id = run.run_id OR finding.last_run_id = run.run_id
                                  OR finding.resolved_run_id = run.run_id)
            LIMIT at_most);
  GET DIAGNOSTICS more = ROW_COUNT;
  next := CASE WHEN gone + more > 0 THEN to_jsonb(upto) END;
  gone := gone + more;
END
$$;

CREATE FUNCTION spendwatch.remove_old_actions(horizon timestamptz, at_most integer, OUT gone bigint, OUT next jsonb)
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM spendwatch.operator_actions
   WHERE action_id IN (SELECT action_id FROM spendwatch.operator_actions WHERE at < horizon ORDER BY at LIMIT at_most);
  GET DIAGNOSTICS gone = ROW_COUNT;
  next := CASE WHEN gone = at_most THEN to_jsonb(gone) END;
END
$$;

-- Does the next step of removing what is older than kept_from, of one kind, looking at so many rows at most; more: there is another step to
-- be done. Does nothing where another session is at it, or where a pass has been done that day.
CREATE FUNCTION spendwatch.remove_old(asked text, kept_from timestamptz, at_most integer, OUT gone bigint, OUT more boolean)
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
  SET datestyle = 'ISO'
  SET lock_timeout = '2s'
AS $$
DECLARE
  pass  spendwatch.retention;
  bound timestamptz := date_trunc('day', kept_from);
  told  bigint;
BEGIN
  gone := 0;
  more := false;
  SELECT * INTO pass FROM spendwatch.retention WHERE kind = asked FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF pass.complete THEN
    IF asked IN ('account_versions', 'alerts') THEN
      SELECT CASE WHEN dropped_before IS NOT NULL THEN least(bound, dropped_before - interval '48 hours') END INTO bound FROM spendwatch.settings;
    END IF;
    IF bound IS NULL OR bound <= pass.horizon THEN
      RETURN;
    END IF;
    pass.horizon := bound;
    pass.place := NULL;
    pass.removed_now := 0;
    pass.days := CASE
      WHEN (SELECT archive_uri IS NULL FROM spendwatch.settings) THEN NULL
      WHEN asked = 'account_versions' THEN
        ARRAY(SELECT day
                FROM (SELECT (as_of AT TIME ZONE 'UTC')::date AS day, count(*) AS rows
                        FROM spendwatch.account_versions WHERE as_of < bound GROUP BY 1) AS here
                JOIN spendwatch.archived_days AS archived USING (day)
               WHERE here.rows = archived.table_versions)
      WHEN asked = 'alerts' THEN
        ARRAY(SELECT day
                FROM (SELECT (event_time AT TIME ZONE 'UTC')::date AS day, count(*) AS rows
                        FROM spendwatch.alerts WHERE event_time < bound GROUP BY 1) AS here
                JOIN spendwatch.archived_days AS archived USING (day)
               WHERE here.rows = archived.table_alerts)
    END;
    UPDATE spendwatch.retention
       SET horizon = pass.horizon, complete = false, place = NULL, days = pass.days, removed_now = 0
     WHERE kind = asked;
  END IF;

  CASE asked
    WHEN 'account_versions' THEN
      SELECT step.gone, step.next INTO gone, pass.place
        FROM spendwatch.remove_old_versions(pass.horizon, pass.place, pass.days, at_most) AS step;
    WHEN 'alerts' THEN
      SELECT step.gone, step.next INTO gone, pass.place
        FROM spendwatch.remove_old_alerts(pass.horizon, pass.place, pass.days, at_most) AS step;
    WHEN 'audits' THEN
      SELECT step.gone, step.next INTO gone, pass.place FROM spendwatch.remove_old_audits(pass.horizon, at_most) AS step;
    WHEN 'operator_actions' THEN
      SELECT step.gone, step.next INTO gone, pass.place FROM spendwatch.remove_old_actions(pass.horizon, at_most) AS step;
  END CASE;
  more := pass.place IS NOT NULL;
  UPDATE spendwatch.retention
     SET complete = NOT more, place = pass.place, days = CASE WHEN more THEN days END,
         removed_now = removed_now + gone, removed = removed + gone
   WHERE kind = asked
  RETURNING * INTO pass;
  -- Of the trail at once, of the others when a pass is done.
  told := CASE WHEN asked = 'operator_actions' THEN gone WHEN more THEN 0 ELSE pass.removed_now END;
  IF told > 0 THEN
    INSERT INTO spendwatch.operator_actions (who, origin, action, outcome)
    VALUES ('spendwatch', 'retention', format('remove %s from before %s', asked, pass.horizon), format('%s rows', told));
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION
  spendwatch.remove_old_versions(timestamptz, jsonb, date[], integer), spendwatch.remove_old_alerts(timestamptz, jsonb, date[], integer),
  spendwatch.remove_old_audits(timestamptz, integer), spendwatch.remove_old_actions(timestamptz, integer),
  spendwatch.remove_old(text, timestamptz, integer) FROM PUBLIC;
