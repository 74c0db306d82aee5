-- Promises that a user who has given back the owner's role after a migration has it again, where it may.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_namespace JOIN pg_roles ON pg_roles.oid = nspowner
              WHERE nspname = 'spendwatch' AND rolname = 'spendwatch_owner')
     AND NOT pg_has_role('spendwatch_owner', 'USAGE') THEN
    GRANT spendwatch_owner TO CURRENT_USER;
  END IF;
EXCEPTION
  -- Then it fails by its own words, or everything is the user's own.
  WHEN insufficient_privilege THEN NULL;
END
$$
