-- Promises a statement for each object of the schema that does not belong to spendwatch_owner yet, which makes it so; parents
-- before their partitions, as whoever inserts locks them.
SELECT statement
  FROM (SELECT 0, oid, format('ALTER SCHEMA %I OWNER TO spendwatch_owner', nspname)
          FROM pg_namespace
         WHERE nspname = 'spendwatch'
           AND nspowner <> 'spendwatch_owner'::regrole
        UNION ALL
        SELECT CASE WHEN relispartition THEN 2 ELSE 1 END, oid,
               format('ALTER %s %s OWNER TO spendwatch_owner',
                      CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                      oid::regclass)
          FROM pg_class
         WHERE relnamespace = 'spendwatch'::regnamespace
           AND relkind IN ('r', 'p', 'v', 'm', 'S')
           AND relowner <> 'spendwatch_owner'::regrole
           -- A sequence of a column follows its table.
           AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype IN ('a', 'i')
                              AND relkind = 'S')
        UNION ALL
        SELECT 3, oid, format('ALTER ROUTINE %s OWNER TO spendwatch_owner', oid::regprocedure)
          FROM pg_proc
         WHERE pronamespace = 'spendwatch'::regnamespace
           AND proowner <> 'spendwatch_owner'::regrole
        UNION ALL
        SELECT 3, oid, format('ALTER TYPE %s OWNER TO spendwatch_owner', oid::regtype)
          FROM pg_type
         WHERE typnamespace = 'spendwatch'::regnamespace
           AND (typtype IN ('e', 'd') OR typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c'))
           AND typowner <> 'spendwatch_owner'::regrole
       ) AS belonging (step, oid, statement)
 ORDER BY step, oid
