-- Every balance that was ever in force, so that a verdict can be explained after the balance has changed.
--
-- The guarantee, against every writer: each version of each account has its row from the moment at which it is in force, written
-- by the same transaction; what is in it never changes, but for closed_at, which the last version gets when its account goes.
-- Where one writer deletes an account while another one inserts it anew, both may claim a version: the second fails, and tries again.
-- The functions work with their owner's rights: whoever may write accounts need not be allowed anything here, so nobody
-- rewrites history by accident.
-- Why in the functions that push the changes: what is recorded is what is pushed, found in one pass over the statement's rows, and
-- written by one insert.
-- Why closed_accounts (V0008) stays beside it: each insert asks for a version to go on from, which is quick where only the accounts
-- that are gone have one. It costs a quarter of the rate of upserts more to ask the history.
--
-- Grows by a row with every change of a balance. What an operator may run where that becomes too much:
--   DELETE FROM spendwatch.account_versions AS old
--    WHERE recorded_at < now() - interval '1 year'
--      AND EXISTS (SELECT FROM spendwatch.account_versions WHERE user_id = old.user_id AND balance_version > old.balance_version);

CREATE TABLE spendwatch.account_versions (
  user_id         text COLLATE "C" NOT NULL,
  balance_version bigint      NOT NULL,
  balance_minor   bigint      NOT NULL,
  currency        char(3)     NOT NULL,
  in_force_since  timestamptz NOT NULL,
  recorded_at     timestamptz NOT NULL DEFAULT now(),
  closed_at       timestamptz,
  PRIMARY KEY (user_id, balance_version)
);
COMMENT ON TABLE spendwatch.account_versions IS 'every balance that was ever in force; kept by triggers on accounts';
COMMENT ON COLUMN spendwatch.account_versions.in_force_since IS 'as_of of the change that brought this balance and currency';
COMMENT ON COLUMN spendwatch.account_versions.recorded_at IS 'when it was written to accounts, by this server''s clock';
COMMENT ON COLUMN spendwatch.account_versions.closed_at IS 'when the account went, with this version as its last; else null';

CREATE OR REPLACE FUNCTION spendwatch.push_inserted_accounts() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO spendwatch.account_versions (user_id, balance_version, balance_minor, currency, in_force_since)
  SELECT user_id, balance_version, balance_minor, currency, in_force_since FROM new_rows;
  PERFORM spendwatch.notify_account_changes(ARRAY(SELECT user_id FROM new_rows));
  RETURN NULL;
END
$$;

-- The full join is kept from becoming another one: a plan that was made for a statement with one row is used for one with a
-- million too, and only a full join can never be a nested loop.
CREATE OR REPLACE FUNCTION spendwatch.push_updated_accounts() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  user_ids text[];
BEGIN
  WITH changed AS MATERIALIZED (
    SELECT user_id, old_rows.balance_version AS last_version, new_rows.balance_version, new_rows.balance_minor,
           new_rows.currency, new_rows.in_force_since
      FROM old_rows FULL JOIN new_rows USING (user_id)
     WHERE old_rows.balance_version IS DISTINCT FROM new_rows.balance_version
  ), recorded AS (
    INSERT INTO spendwatch.account_versions (user_id, balance_version, balance_minor, currency, in_force_since)
    SELECT user_id, balance_version, balance_minor, currency, in_force_since FROM changed WHERE balance_version IS NOT NULL
  ), closed AS (
    UPDATE spendwatch.account_versions AS version
       SET closed_at = now()
      FROM changed
     WHERE changed.balance_version IS NULL
       AND version.user_id = changed.user_id
       AND version.balance_version = changed.last_version
  )
  SELECT coalesce(array_agg(user_id), '{}') INTO user_ids FROM changed;
  PERFORM spendwatch.notify_account_changes(user_ids);
  RETURN NULL;
END
$$;

CREATE FUNCTION spendwatch.close_deleted_versions() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE spendwatch.account_versions AS version
     SET closed_at = now()
    FROM old_rows
   WHERE version.user_id = old_rows.user_id
     AND version.balance_version = old_rows.balance_version;
  RETURN NULL;
END
$$;
CREATE TRIGGER close_deleted_versions AFTER DELETE ON spendwatch.accounts
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.close_deleted_versions();

CREATE FUNCTION spendwatch.close_truncated_versions() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE spendwatch.account_versions AS version
     SET closed_at = now()
    FROM spendwatch.accounts AS account
   WHERE version.user_id = account.user_id
     AND version.balance_version = account.balance_version;
  RETURN NULL;
END
$$;
CREATE TRIGGER close_truncated_versions BEFORE TRUNCATE ON spendwatch.accounts
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.close_truncated_versions();

-- What is there already. No writer gets in between: the triggers above hold the lock on accounts until this commits.
INSERT INTO spendwatch.account_versions (user_id, balance_version, balance_minor, currency, in_force_since, recorded_at)
SELECT user_id, balance_version, balance_minor, currency, in_force_since, updated_at FROM spendwatch.accounts;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'spendwatch_olap') THEN
    GRANT SELECT ON spendwatch.account_versions TO spendwatch_olap;
  END IF;
END
$$;
