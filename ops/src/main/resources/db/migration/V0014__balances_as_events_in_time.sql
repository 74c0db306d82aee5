-- Every version of a balance is an event in time: a transaction is held against the version in force at its event time, whenever
-- either of them came to be known (record 0017).
--
-- The guarantee, against every writer: account_versions has each version once, in force from its as_of to that of the next one in the
-- order (as_of, balance_version), or to its closed_at. That an account goes takes a number too. accounts has the newest of them, the last in that order. balance_version numbers
-- a user's versions in the order in which they came, without gaps, and never begins again. A version that comes late takes the next
-- number like any other and leaves accounts as it is; one that is known already (as_of, balance and currency) changes nothing.
-- A writer that gives no as_of means now; whoever gives one on purpose that is the same as before calls apply_balances.
-- Instants are cut to milliseconds, as event times are: two clocks of different grain would order versions differently.
--
-- Why the key of account_versions begins with user_id and as_of: what is asked of it is which version was in force at an instant.
-- Why a BRIN for what is new: versions come in the order of recorded_at, and a second B-tree costs each of them as much as the row.

ALTER TABLE spendwatch.account_versions RENAME COLUMN in_force_since TO as_of;
-- So far a later number was in force whatever its as_of: it stays so.
UPDATE spendwatch.account_versions AS version
   SET as_of = ordered.as_of
  FROM (SELECT user_id, balance_version,
               date_trunc('milliseconds', max(as_of) OVER (PARTITION BY user_id ORDER BY balance_version)) AS as_of
          FROM spendwatch.account_versions) AS ordered
 WHERE version.user_id = ordered.user_id
   AND version.balance_version = ordered.balance_version
   AND version.as_of <> ordered.as_of;
UPDATE spendwatch.account_versions SET closed_at = greatest(date_trunc('milliseconds', closed_at), as_of) WHERE closed_at IS NOT NULL;
ALTER TABLE spendwatch.account_versions DROP CONSTRAINT account_versions_pkey;
ALTER TABLE spendwatch.account_versions ADD PRIMARY KEY (user_id, as_of, balance_version);
CREATE INDEX account_versions_new ON spendwatch.account_versions USING brin (recorded_at, as_of) WITH (autosummarize = on);
-- Accounts seldom go, and are to be found without going through all that a user has had.
CREATE INDEX account_versions_closed ON spendwatch.account_versions (user_id) WHERE closed_at IS NOT NULL;
COMMENT ON COLUMN spendwatch.account_versions.as_of IS 'in force from this instant on: for event times later than it';
ALTER TABLE spendwatch.account_versions ADD COLUMN closed_version bigint;
UPDATE spendwatch.account_versions SET closed_version = balance_version WHERE closed_at IS NOT NULL;
COMMENT ON COLUMN spendwatch.account_versions.closed_at IS 'when the account went, with this version as its newest; else null';
COMMENT ON COLUMN spendwatch.account_versions.closed_version IS 'the number of that; else null';

ALTER TABLE spendwatch.accounts DISABLE TRIGGER USER;
UPDATE spendwatch.accounts AS account
   SET as_of = version.as_of
  FROM spendwatch.account_versions AS version
 WHERE version.user_id = account.user_id
   AND version.balance_version = account.balance_version;
ALTER TABLE spendwatch.accounts ADD COLUMN last_version bigint;
UPDATE spendwatch.accounts SET last_version = balance_version;
ALTER TABLE spendwatch.accounts ALTER COLUMN last_version SET DEFAULT 1, ALTER COLUMN last_version SET NOT NULL;
ALTER TABLE spendwatch.accounts ENABLE TRIGGER USER;
ALTER TABLE spendwatch.accounts DROP COLUMN in_force_since;
-- Now, also for the second writer in one transaction.
ALTER TABLE spendwatch.accounts ALTER COLUMN as_of SET DEFAULT clock_timestamp();
ALTER TABLE spendwatch.account_versions ALTER COLUMN recorded_at SET DEFAULT clock_timestamp();
COMMENT ON COLUMN spendwatch.accounts.balance_version IS 'number of the newest version; kept by triggers';
COMMENT ON COLUMN spendwatch.accounts.last_version IS 'the highest number given; greater than balance_version where versions came late';

COMMENT ON COLUMN spendwatch.closed_accounts.balance_version IS 'the highest number that was given';
ALTER TABLE spendwatch.closed_accounts ADD COLUMN closed_at timestamptz NOT NULL DEFAULT clock_timestamp();
COMMENT ON COLUMN spendwatch.closed_accounts.closed_at IS 'when the account went last';

CREATE OR REPLACE FUNCTION spendwatch.begin_account() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  closed_version bigint;
BEGIN
  SELECT balance_version INTO closed_version FROM spendwatch.closed_accounts WHERE user_id = NEW.user_id;
  NEW.balance_version := coalesce(closed_version, 0) + 1;
  NEW.last_version := NEW.balance_version;
  NEW.as_of := date_trunc('milliseconds', NEW.as_of);
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION spendwatch.keep_account_version() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  is_late boolean := false;
BEGIN
  NEW.updated_at := now();
  NEW.as_of := date_trunc('milliseconds', NEW.as_of);
  -- Where push_inserted_accounts says so: what is known to be newer.
  IF NEW.balance_version < OLD.balance_version AND NEW.as_of > OLD.as_of
     AND EXISTS (SELECT FROM spendwatch.account_versions
                  WHERE user_id = NEW.user_id AND as_of = NEW.as_of AND balance_version = NEW.balance_version
                    AND balance_minor = NEW.balance_minor AND currency = NEW.currency) THEN
    NEW.last_version := OLD.last_version;
    RETURN NEW;
  END IF;
  NEW.balance_version := OLD.balance_version;
  NEW.last_version := OLD.last_version;
  IF NEW.user_id <> OLD.user_id THEN
    -- Another account begins, by rename_account.
    RETURN NEW;
  END IF;
  IF (NEW.balance_minor, NEW.currency, NEW.as_of) IS NOT DISTINCT FROM (OLD.balance_minor, OLD.currency, OLD.as_of) THEN
    RETURN NEW;
  END IF;
  IF NEW.as_of = OLD.as_of AND coalesce(current_setting('spendwatch.as_of_given', true), '') <> 'on' THEN
    NEW.as_of := greatest(OLD.as_of, date_trunc('milliseconds', clock_timestamp()));
  ELSIF NEW.as_of <= OLD.as_of THEN
    IF EXISTS (SELECT FROM spendwatch.account_versions
                WHERE user_id = OLD.user_id AND as_of = NEW.as_of
                  AND balance_minor = NEW.balance_minor AND currency = NEW.currency) THEN
      NEW.balance_minor := OLD.balance_minor;
      NEW.currency := OLD.currency;
      NEW.as_of := OLD.as_of;
      IF NEW.username IS NOT DISTINCT FROM OLD.username THEN
        RETURN NULL;
      END IF;
      RETURN NEW;
    END IF;
    is_late := NEW.as_of < OLD.as_of;
  END IF;
  NEW.last_version := OLD.last_version + 1;
  IF is_late THEN
    INSERT INTO spendwatch.account_versions (user_id, balance_version, balance_minor, currency, as_of)
    VALUES (OLD.user_id, NEW.last_version, NEW.balance_minor, NEW.currency, NEW.as_of);
    NEW.balance_minor := OLD.balance_minor;
    NEW.currency := OLD.currency;
    NEW.as_of := OLD.as_of;
  ELSE
    NEW.balance_version := NEW.last_version;
  END IF;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION spendwatch.rename_account() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  closed_version bigint;
BEGIN
  INSERT INTO spendwatch.closed_accounts AS closed (user_id, balance_version)
  VALUES (OLD.user_id, OLD.last_version + 1)
      ON CONFLICT (user_id) DO UPDATE
     SET balance_version = greatest(closed.balance_version, excluded.balance_version),
         closed_at = excluded.closed_at;
  SELECT balance_version INTO closed_version FROM spendwatch.closed_accounts WHERE user_id = NEW.user_id;
  NEW.balance_version := coalesce(closed_version, 0) + 1;
  NEW.last_version := NEW.balance_version;
  IF NEW.as_of = OLD.as_of THEN
    NEW.as_of := date_trunc('milliseconds', clock_timestamp());
  END IF;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION spendwatch.close_deleted_accounts() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO spendwatch.closed_accounts AS closed (user_id, balance_version)
  SELECT user_id, last_version + 1 FROM old_rows
      ON CONFLICT (user_id) DO UPDATE
     SET balance_version = greatest(closed.balance_version, excluded.balance_version),
         closed_at = excluded.closed_at;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION spendwatch.close_truncated_accounts() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO spendwatch.closed_accounts AS closed (user_id, balance_version)
  SELECT user_id, last_version + 1 FROM spendwatch.accounts
      ON CONFLICT (user_id) DO UPDATE
     SET balance_version = greatest(closed.balance_version, excluded.balance_version),
         closed_at = excluded.closed_at;
  RETURN NULL;
END
$$;

-- Whoever makes an account anew as of an instant before it went takes back that it went. Where a version that was known is in force
-- later than the new one, it is the newest again.
CREATE OR REPLACE FUNCTION spendwatch.push_inserted_accounts() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM new_rows JOIN spendwatch.closed_accounts AS closed USING (user_id)
              WHERE closed.balance_version >= new_rows.balance_version) THEN
    RAISE EXCEPTION 'an account has gone while it was inserted' USING ERRCODE = 'serialization_failure', HINT = 'Try again.';
  END IF;
  UPDATE spendwatch.account_versions AS version
     SET closed_at = NULL, closed_version = NULL
    FROM new_rows
   WHERE new_rows.balance_version > 1
     AND version.user_id = new_rows.user_id
     AND version.closed_at >= new_rows.as_of;
  INSERT INTO spendwatch.account_versions (user_id, balance_version, balance_minor, currency, as_of)
  SELECT user_id, balance_version, balance_minor, currency, as_of FROM new_rows;
  UPDATE spendwatch.accounts AS account
     SET balance_minor = newest.balance_minor, currency = newest.currency, as_of = newest.as_of,
         balance_version = newest.balance_version
    FROM new_rows
   CROSS JOIN LATERAL (
           SELECT *
             FROM spendwatch.account_versions AS version
            WHERE version.user_id = new_rows.user_id
            ORDER BY version.as_of DESC, version.balance_version DESC
            LIMIT 1
         ) AS newest
   WHERE new_rows.balance_version > 1
     AND account.user_id = new_rows.user_id
     AND newest.as_of > new_rows.as_of;
  PERFORM spendwatch.notify_account_changes(ARRAY(SELECT user_id FROM new_rows));
  RETURN NULL;
END
$$;

-- Late versions are in the history already, by keep_account_version.
CREATE OR REPLACE FUNCTION spendwatch.push_updated_accounts() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  user_ids text[];
BEGIN
  WITH changed AS MATERIALIZED (
    SELECT user_id, old_rows.as_of AS last_as_of, old_rows.balance_version AS last_version, old_rows.last_version AS highest,
           new_rows.balance_version, new_rows.balance_minor, new_rows.currency, new_rows.as_of
      FROM old_rows FULL JOIN new_rows USING (user_id)
     WHERE old_rows.last_version IS DISTINCT FROM new_rows.last_version
  ), recorded AS (
    INSERT INTO spendwatch.account_versions (user_id, balance_version, balance_minor, currency, as_of)
    SELECT user_id, balance_version, balance_minor, currency, as_of
      FROM changed
     WHERE balance_version IS NOT NULL AND balance_version IS DISTINCT FROM last_version
  ), closed AS (
    UPDATE spendwatch.account_versions AS version
       SET closed_at = greatest(date_trunc('milliseconds', clock_timestamp()), version.as_of), closed_version = changed.highest + 1
      FROM changed
     WHERE changed.balance_version IS NULL
       AND version.user_id = changed.user_id
       AND version.as_of = changed.last_as_of
       AND version.balance_version = changed.last_version
  ), taken_back AS (
    UPDATE spendwatch.account_versions AS version
       SET closed_at = NULL, closed_version = NULL
      FROM changed
     WHERE changed.last_version IS NULL
       AND version.user_id = changed.user_id
       AND version.closed_at >= changed.as_of
  )
  SELECT coalesce(array_agg(user_id), '{}') INTO user_ids FROM changed;
  PERFORM spendwatch.notify_account_changes(user_ids);
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION spendwatch.close_deleted_versions() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE spendwatch.account_versions AS version
     SET closed_at = greatest(date_trunc('milliseconds', clock_timestamp()), version.as_of), closed_version = old_rows.last_version + 1
    FROM old_rows
   WHERE version.user_id = old_rows.user_id
     AND version.as_of = old_rows.as_of
     AND version.balance_version = old_rows.balance_version;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION spendwatch.close_truncated_versions() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE spendwatch.account_versions AS version
     SET closed_at = greatest(date_trunc('milliseconds', clock_timestamp()), version.as_of), closed_version = account.last_version + 1
    FROM spendwatch.accounts AS account
   WHERE version.user_id = account.user_id
     AND version.as_of = account.as_of
     AND version.balance_version = account.balance_version;
  RETURN NULL;
END
$$;

-- Applies records of the topic balances, in their order. A user who is in it more than once is so in several rounds: round i is the
-- stretch of the arrays up to ends[i], and has no user twice. Users are locked in one order within a round.
CREATE FUNCTION spendwatch.apply_balances(
    ends integer[], user_ids text[], usernames text[], currencies text[], balances bigint[], as_ofs timestamptz[]) RETURNS void
  LANGUAGE plpgsql
AS $$
DECLARE
  first integer := 1;
  last  integer;
BEGIN
  -- Not as a property of the function: that takes a superuser.
  PERFORM set_config('spendwatch.as_of_given', 'on', true);
  FOREACH last IN ARRAY ends LOOP
    INSERT INTO spendwatch.accounts AS account (user_id, username, currency, balance_minor, as_of, updated_at)
    SELECT record.user_id, record.username, record.currency, record.balance_minor, record.as_of, now()
      FROM unnest(user_ids[first:last], usernames[first:last], currencies[first:last], balances[first:last], as_ofs[first:last])
           AS record (user_id, username, currency, balance_minor, as_of)
     ORDER BY record.user_id COLLATE "C"
        ON CONFLICT (user_id) DO UPDATE
       SET username = coalesce(excluded.username, account.username),
           currency = excluded.currency,
           balance_minor = excluded.balance_minor,
           as_of = excluded.as_of
     WHERE (coalesce(excluded.username, account.username), excluded.currency, excluded.balance_minor, excluded.as_of)
           IS DISTINCT FROM (account.username, account.currency, account.balance_minor, account.as_of);
    first := last + 1;
  END LOOP;
  PERFORM set_config('spendwatch.as_of_given', '', true);
END
$$;

-- Up to where changes of accounts have been looked at, so that after a restart only newer ones are.
ALTER TABLE spendwatch.pipelines ADD COLUMN accounts_seen_at timestamptz;
COMMENT ON COLUMN spendwatch.pipelines.accounts_seen_at IS
  'versions of accounts recorded before this have been looked at for the partition''s users; null before any';

-- So that after a restart only versions that were not known yet are looked at. Takes no room where it is null: nearly always.
ALTER TABLE spendwatch.transactions ADD COLUMN known_version bigint;
COMMENT ON COLUMN spendwatch.transactions.known_version IS
  'highest number of a version of the balance that was known when it was judged; null where that is balance_version';

ALTER TABLE spendwatch.alerts ADD COLUMN rule_version integer NOT NULL DEFAULT 1;
ALTER TABLE spendwatch.alerts ADD COLUMN known_version bigint;
COMMENT ON COLUMN spendwatch.alerts.known_version IS 'highest number of a version of the balance that was known when it was announced';
ALTER TABLE spendwatch.alerts ADD COLUMN revealed_by text COLLATE "C";
COMMENT ON COLUMN spendwatch.alerts.transaction_id IS 'the transaction at event_time that opened or ended the episode; null where none did';
COMMENT ON COLUMN spendwatch.alerts.revealed_by IS 'of a late alert: the transaction that made it visible; null where a balance did';
COMMENT ON COLUMN spendwatch.alerts.cause IS 'of a CLEARED: EXPIRY, REFUND or BALANCE; of a RAISED: BALANCE where a balance change opened it';
