-- Whoever writes to accounts, the balance that Spendwatch works with follows.
--
-- The guarantee, against every writer and every client: balance_version has grown when balance or currency differ from
-- before, and once the change is committed, one notification on channel spendwatch_accounts names each such user. Its payload
-- is a JSON array of user ids, or * for "too many to name: any of them".
--
-- Why per statement: a commit that notifies takes a lock of the whole server, and a payload holds 8,000 bytes. A bulk load of
-- a million accounts is one notification, not a million.
-- Why not notify about a new username or as_of: nothing that is decided depends on them.

CREATE FUNCTION spendwatch.keep_account_version() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  IF (NEW.balance_minor, NEW.currency) IS DISTINCT FROM (OLD.balance_minor, OLD.currency) THEN
    NEW.balance_version := OLD.balance_version + 1;
  ELSE
    NEW.balance_version := OLD.balance_version;
  END IF;
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER keep_version BEFORE UPDATE ON spendwatch.accounts
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION spendwatch.keep_account_version();

CREATE FUNCTION spendwatch.notify_account_changes(user_ids text[]) RETURNS void
  LANGUAGE plpgsql
AS $$
DECLARE
  payload text := '*';
BEGIN
  IF cardinality(user_ids) = 0 THEN
    RETURN;
  END IF;
  -- An id takes at least four bytes with its quotes and comma: more than these cannot fit.
  IF cardinality(user_ids) <= 1900 THEN
    payload := to_json(user_ids)::text;
    IF octet_length(payload) > 7600 THEN
      payload := '*';
    END IF;
  END IF;
  PERFORM pg_notify('spendwatch_accounts', payload);
END
$$;

CREATE FUNCTION spendwatch.push_inserted_accounts() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM spendwatch.notify_account_changes(ARRAY(SELECT user_id FROM new_rows));
  RETURN NULL;
END
$$;
CREATE TRIGGER push_inserts AFTER INSERT ON spendwatch.accounts
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.push_inserted_accounts();

-- A changed user_id is a change for both: one has lost its account, the other has got one.
CREATE FUNCTION spendwatch.push_updated_accounts() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM spendwatch.notify_account_changes(ARRAY(
    SELECT user_id
      FROM old_rows FULL JOIN new_rows USING (user_id)
     WHERE old_rows.balance_version IS DISTINCT FROM new_rows.balance_version));
  RETURN NULL;
END
$$;
CREATE TRIGGER push_updates AFTER UPDATE ON spendwatch.accounts
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.push_updated_accounts();

CREATE FUNCTION spendwatch.push_deleted_accounts() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM spendwatch.notify_account_changes(ARRAY(SELECT user_id FROM old_rows));
  RETURN NULL;
END
$$;
CREATE TRIGGER push_deletes AFTER DELETE ON spendwatch.accounts
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.push_deleted_accounts();

CREATE FUNCTION spendwatch.push_truncated_accounts() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM pg_notify('spendwatch_accounts', '*');
  RETURN NULL;
END
$$;
CREATE TRIGGER push_truncates AFTER TRUNCATE ON spendwatch.accounts
  FOR EACH STATEMENT EXECUTE FUNCTION spendwatch.push_truncated_accounts();
