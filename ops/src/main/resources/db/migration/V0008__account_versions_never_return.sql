-- The versions of a user's balances never return, also where the account goes and comes back.
--
-- The guarantee, against every writer: balance_version of a user is greater than that of any balance the user had before. A
-- verdict names the balance it was held against by it, and an episode that a balance change opened has its id from it: with
-- versions that begin again, a second episode would have the id of the first, and be taken for it.
-- closed_accounts keeps the last version of accounts that are gone. The functions work with their owner's rights: whoever may
-- write accounts need not be allowed anything here.

CREATE TABLE spendwatch.closed_accounts (
  user_id         text COLLATE "C" PRIMARY KEY,
  balance_version bigint NOT NULL
);
COMMENT ON TABLE spendwatch.closed_accounts IS 'last balance_version of accounts that are gone; kept by triggers';

CREATE OR REPLACE FUNCTION spendwatch.begin_account() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  closed_version bigint;
BEGIN
  SELECT balance_version INTO closed_version FROM spendwatch.closed_accounts WHERE user_id = NEW.user_id;
  NEW.balance_version := greatest(NEW.balance_version, closed_version + 1);
  NEW.in_force_since := NEW.as_of;
  RETURN NEW;
END
$$;

-- A changed user_id closes one account and begins another.
CREATE FUNCTION spendwatch.rename_account() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  closed_version bigint;
BEGIN
  INSERT INTO spendwatch.closed_accounts AS closed (user_id, balance_version)
  VALUES (OLD.user_id, OLD.balance_version)
      ON CONFLICT (user_id) DO UPDATE SET balance_version = greatest(closed.balance_version, excluded.balance_version);
  SELECT balance_version INTO closed_version FROM spendwatch.closed_accounts WHERE user_id = NEW.user_id;
  NEW.balance_version := greatest(NEW.balance_version, closed_version + 1);
  NEW.in_force_since := NEW.as_of;
  RETURN NEW;
END
$$;
-- Fires after keep_version, in the order of the names.
CREATE TRIGGER rename_account BEFORE UPDATE OF user_id ON spendwatch.accounts
  FOR EACH ROW WHEN (OLD.user_id IS DISTINCT FROM NEW.user_id)
  EXECUTE FUNCTION spendwatch.rename_account();

CREATE FUNCTION spendwatch.close_deleted_accounts() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO spendwatch.closed_accounts AS closed (user_id, balance_version)
  SELECT user_id, balance_version FROM old_rows
      ON CONFLICT (user_id) DO UPDATE SET balance_version = greatest(closed.balance_version, excluded.balance_version);
  RETURN NULL;
END
$$;
CREATE TRIGGER close_deleted AFTER DELETE ON spendwatch.accounts
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.close_deleted_accounts();

CREATE FUNCTION spendwatch.close_truncated_accounts() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO spendwatch.closed_accounts AS closed (user_id, balance_version)
  SELECT user_id, balance_version FROM spendwatch.accounts
      ON CONFLICT (user_id) DO UPDATE SET balance_version = greatest(closed.balance_version, excluded.balance_version);
  RETURN NULL;
END
$$;
CREATE TRIGGER close_truncated BEFORE TRUNCATE ON spendwatch.accounts
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.close_truncated_accounts();
