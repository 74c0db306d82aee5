-- Since when the balance in force has been so, apart from how recent the last word about it is.
--
-- The guarantee, against every writer: in_force_since is the as_of of the change that brought this balance and currency, and
-- stays when as_of alone moves on, as it does where a feed repeats all balances every day. A balance change is a point of
-- evaluation at its instant: with as_of in its place, a user who is read again after such a repetition would be held against
-- the balance at an instant at which nothing had happened.
-- Why not keep as_of as it is instead: a record older than the repetition must still change nothing.

ALTER TABLE spendwatch.accounts ADD COLUMN in_force_since timestamptz;
UPDATE spendwatch.accounts SET in_force_since = as_of;
ALTER TABLE spendwatch.accounts ALTER COLUMN in_force_since SET NOT NULL;
COMMENT ON COLUMN spendwatch.accounts.in_force_since IS 'as_of of the change that brought balance and currency; kept by a trigger';

CREATE OR REPLACE FUNCTION spendwatch.keep_account_version() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  IF (NEW.balance_minor, NEW.currency) IS DISTINCT FROM (OLD.balance_minor, OLD.currency) THEN
    NEW.balance_version := OLD.balance_version + 1;
    NEW.in_force_since := NEW.as_of;
  ELSE
    NEW.balance_version := OLD.balance_version;
    NEW.in_force_since := OLD.in_force_since;
  END IF;
  NEW.updated_at := now();
  RETURN NEW;
END
$$;

CREATE FUNCTION spendwatch.begin_account() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  NEW.in_force_since := NEW.as_of;
  RETURN NEW;
END
$$;
CREATE TRIGGER begin_account BEFORE INSERT ON spendwatch.accounts
  FOR EACH ROW EXECUTE FUNCTION spendwatch.begin_account();
