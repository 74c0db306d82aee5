-- Who changed settings: a node that starts with others than it had the last time notes them in the trail, and so does whoever changes those
-- that stand in the database.

ALTER TABLE spendwatch.operator_actions ADD COLUMN settings jsonb;
COMMENT ON COLUMN spendwatch.operator_actions.settings IS
  'of a node that started with others than the time before: all that somebody has set, secrets as stars';
CREATE INDEX operator_actions_settings ON spendwatch.operator_actions (origin, action_id) WHERE settings IS NOT NULL;

-- Promises that the trail has the settings with which a node has started, and what is different since its last entry; nothing where nothing
-- is. With the owner's rights: who adds to the trail does not read it.
CREATE FUNCTION spendwatch.note_settings(node text, started_by text, in_force jsonb) RETURNS void
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known   jsonb;
  changes text;
BEGIN
  SELECT settings INTO known
    FROM spendwatch.operator_actions
   WHERE origin = node AND settings IS NOT NULL
   ORDER BY action_id DESC
   LIMIT 1;
  IF known = in_force THEN
    RETURN;
  END IF;
  IF known IS NOT NULL THEN
    SELECT string_agg(format('%s: %s -> %s', key, coalesce(was.value #>> '{}', 'default'), coalesce(now_is.value #>> '{}', 'default')), '; '
                      ORDER BY key)
      INTO changes
      FROM jsonb_each(known) AS was
      FULL JOIN jsonb_each(in_force) AS now_is USING (key)
     WHERE was.value IS DISTINCT FROM now_is.value;
  END IF;
  INSERT INTO spendwatch.operator_actions (who, origin, action, outcome, settings)
  VALUES (started_by, node, 'node', left(coalesce(changes, 'first noted'), 500), in_force);
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.note_settings(text, text, jsonb) FROM PUBLIC;

CREATE FUNCTION spendwatch.note_changed_settings() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO spendwatch.operator_actions (who, origin, action, outcome)
  SELECT session_user, 'sql', 'UPDATE spendwatch.settings',
         left(format('%s: %s -> %s', key, coalesce(was.value #>> '{}', 'null'), coalesce(now_is.value #>> '{}', 'null')), 500)
    FROM jsonb_each(to_jsonb(OLD)) AS was
    JOIN jsonb_each(to_jsonb(NEW)) AS now_is USING (key)
   WHERE was.value <> now_is.value
     AND key IN ('partition_granularity', 'daily_for', 'partitions_per_minute', 'archive_uri');
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.note_changed_settings() FROM PUBLIC;
-- Not of what nodes keep there themselves.
CREATE TRIGGER note_changed_settings
  AFTER UPDATE OF partition_granularity, daily_for, partitions_per_minute, archive_uri ON spendwatch.settings
  FOR EACH ROW EXECUTE FUNCTION spendwatch.note_changed_settings();
