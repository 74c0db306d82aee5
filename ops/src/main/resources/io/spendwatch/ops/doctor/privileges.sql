-- Promises a row for each privilege that a role needs and has not (missing), and for each way to change a table that a role has
-- and does not need. Roles that are not there have no rows.
WITH needed AS (
  SELECT role, kind, object, privilege
    FROM unnest(?::text[], ?::text[], ?::text[], ?::text[]) AS needed (role, kind, object, privilege)
    JOIN pg_roles ON rolname = role
)
SELECT true AS missing, format('%s: %s on %s', role, privilege, object) AS what
  FROM needed
 WHERE NOT coalesce(CASE kind WHEN 'table' THEN has_table_privilege(role, to_regclass(object)::oid, privilege)
                              WHEN 'schema' THEN has_schema_privilege(role, to_regnamespace(object)::oid, privilege)
                              ELSE has_function_privilege(role, to_regprocedure(object)::oid, privilege)
                    END, false)
UNION ALL
SELECT false, format('%s: %s on %s', role, privilege, object)
  FROM (SELECT DISTINCT role, object FROM needed WHERE kind = 'table') AS tables
 CROSS JOIN unnest('{INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) AS privilege
 WHERE has_table_privilege(role, to_regclass(object)::oid, privilege)
   AND NOT EXISTS (SELECT FROM needed WHERE (needed.role, needed.object, needed.privilege) = (tables.role, tables.object, privilege.privilege))
 ORDER BY 1 DESC, 2
