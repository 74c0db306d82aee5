-- Promises the five roles, where the user may make them; those that are there stay as they are, their settings included. Whoever works
-- for the hot path may audit, too: the logins of nodes, also of installations from before there was that role.
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
                         "work_mem": "64MB", "max_parallel_workers_per_gather": "0"},
    "spendwatch_audit": {"lock_timeout": "10s", "statement_timeout": "5min", "idle_in_transaction_session_timeout": "5min",
                         "work_mem": "64MB", "max_parallel_workers_per_gather": "0"},
    "spendwatch_names": {}
  }';
  setting   record;
  login     regrole;
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
  -- What it takes of the server's disk only a superuser may bound.
  BEGIN
    IF NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = 'spendwatch_olap'::regrole AND setconfig::text ~ 'temp_file_limit') THEN
      ALTER ROLE spendwatch_olap SET temp_file_limit = '20GB';
      ALTER ROLE spendwatch_olap CONNECTION LIMIT 20;
    END IF;
  EXCEPTION
    WHEN insufficient_privilege OR undefined_object THEN NULL;
  END;
  FOR login IN
    SELECT member FROM pg_auth_members JOIN pg_roles AS oltp ON oltp.oid = roleid
     WHERE oltp.rolname = 'spendwatch_oltp' AND NOT pg_has_role(member, to_regrole('spendwatch_audit'), 'MEMBER')
  LOOP
    BEGIN
      EXECUTE format('GRANT spendwatch_audit TO %s', login);
    EXCEPTION
      WHEN insufficient_privilege THEN
        RAISE NOTICE 'GRANT spendwatch_audit TO %, which only somebody else may', login;
    END;
  END LOOP;
END
$$
