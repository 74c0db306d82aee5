-- Functions mean the same in every session.
--
-- The guarantee, against every writer and every default of the database, the user or the session: names in our functions are those of
-- pg_catalog, or are written with their schema. A function whose body is kept as text is parsed by the session that calls it, with that
-- session's search_path: a trigger on accounts runs in whatever application writes there. Bodies that were parsed when they were made
-- (RETURN, BEGIN ATOMIC) need nothing. The sessions that migrate have settings of their own (PostgresAddress.SESSION).
DO $$
DECLARE
  function regprocedure;
BEGIN
  FOR function IN
    SELECT oid
      FROM pg_catalog.pg_proc
     WHERE pronamespace = 'spendwatch'::regnamespace
       AND prosqlbody IS NULL
       AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search\_path=%')
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp', function);
  END LOOP;
END
$$;
