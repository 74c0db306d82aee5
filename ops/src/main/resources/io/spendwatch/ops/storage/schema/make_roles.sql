-- Promises the three roles, where the user may make them; those that are there stay as they are, their settings included.
--
-- Not a migration: roles belong to the whole server, may be there before this database is, and may be made later by somebody
-- who may. Whoever makes a role is a member of it, so that it can work for it.
DO $$
DECLARE
  role_name text;
  roles     jsonb := '{
    "spendwatch_owner": {"lock_timeout": "10s"},
    "spendwatch_oltp":  {"lock_timeout": "10s", "statement_timeout": "20s", "idle_in_transaction_session_timeout": "10s"},
    "spendwatch_olap":  {"lock_timeout": "10s", "statement_timeout": "5min", "idle_in_transaction_session_timeout": "5min",
                         "work_mem": "64MB", "max_parallel_workers_per_gather": "0"}
  }';
  setting   record;
BEGIN
  FOR role_name IN SELECT jsonb_object_keys(roles) LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      END IF;
      -- These are for who logs in as the role itself, where it is made LOGIN; members bring their own, as our pools do.
      IF NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = role_name::regrole) THEN
        FOR setting IN SELECT * FROM jsonb_each_text(roles -> role_name) LOOP
          EXECUTE format('ALTER ROLE %I SET %I = %L', role_name, setting.key, setting.value);
        END LOOP;
      END IF;
      IF NOT pg_has_role(role_name, 'USAGE') THEN
        EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
      END IF;
    EXCEPTION
      -- Another database of this server is being migrated at this moment.
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE NOTICE 'role %: % may not make it or be a member of it', role_name, current_user;
    END;
  END LOOP;
END
$$
