-- Two group roles, so that what analyses cannot hold up what ingests, and cannot write.
--
-- What an operator runs once, where Spendwatch does not connect as the owner of the schema:
--   CREATE USER watcher PASSWORD '…' IN ROLE spendwatch_oltp;   ALTER USER watcher SET statement_timeout = '10s';
--   CREATE USER analyst PASSWORD '…' IN ROLE spendwatch_olap;   ALTER USER analyst SET statement_timeout = '5min';
--   ALTER USER analyst SET work_mem = '64MB';
-- Time-outs are properties of who logs in: a role that one is merely a member of does not pass them on.
--
-- Roles belong to the whole server, and another database of it may have made them. Where the migrating user may not make
-- roles, there are none, and the owner's rights are all there is.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['spendwatch_oltp', 'spendwatch_olap'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      END IF;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE NOTICE 'role % is missing, and % may not make it', role_name, current_user;
    END;
  END LOOP;

  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'spendwatch_oltp') THEN
    GRANT USAGE ON SCHEMA spendwatch TO spendwatch_oltp;
    GRANT SELECT, INSERT, UPDATE ON spendwatch.accounts, spendwatch.transactions, spendwatch.alerts, spendwatch.pipelines
      TO spendwatch_oltp;
    GRANT EXECUTE ON FUNCTION spendwatch.ensure_partitions(timestamptz[]) TO spendwatch_oltp;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'spendwatch_olap') THEN
    GRANT USAGE ON SCHEMA spendwatch TO spendwatch_olap;
    GRANT SELECT ON spendwatch.accounts, spendwatch.transactions, spendwatch.alerts, spendwatch.accounts_readable,
      spendwatch.transactions_readable, spendwatch.alerts_readable TO spendwatch_olap;
  END IF;
END
$$;
