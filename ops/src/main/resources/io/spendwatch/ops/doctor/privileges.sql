-- Promises a row for each privilege that a role needs and has not (missing), and for each way to change a table, or to read a column of
-- one of which it may read only some, that a role has and does not need. Roles that are not there have no rows.
WITH needed AS (
  SELECT role, kind, object, privilege
    FROM unnest(?::text[], ?::text[], ?::text[], ?::text[]) AS needed (role, kind, object, privilege)
    JOIN pg_roles ON rolname = role
), columns_of AS (
  SELECT role, split_part(object, '(', 1) AS object, rtrim(split_part(object, '(', 2), ')') AS attname, privilege
    FROM needed
   WHERE kind = 'column'
)
SELECT true AS missing, format('%s: %s on %s', role, privilege, object) AS what
  FROM needed
 WHERE NOT coalesce(CASE kind WHEN 'table' THEN has_table_privilege(role, to_regclass(object)::oid, privilege)
                              WHEN 'column' THEN has_column_privilege(role, to_regclass(split_part(object, '(', 1))::oid,
                                                                      rtrim(split_part(object, '(', 2), ')'), privilege)
                              WHEN 'schema' THEN has_schema_privilege(role, to_regnamespace(object)::oid, privilege)
                              ELSE has_function_privilege(role, to_regprocedure(object)::oid, privilege)
                    END, false)
UNION ALL
SELECT false, format('%s: %s on %s', role, privilege, object)
  FROM (SELECT role, object FROM needed WHERE kind = 'table' UNION SELECT role, object FROM columns_of) AS tables
 CROSS JOIN unnest('{INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) AS privilege
 WHERE has_table_privilege(role, to_regclass(object)::oid, privilege)
   AND NOT EXISTS (SELECT FROM needed WHERE (needed.role, needed.object, needed.privilege) = (tables.role, tables.object, privilege.privilege))
UNION ALL
SELECT false, format('%s: %s on %s(%s)', role, privilege, object, attribute.attname)
  FROM (SELECT DISTINCT role, object, privilege FROM columns_of) AS partly
  JOIN pg_attribute AS attribute ON attribute.attrelid = to_regclass(object)::oid AND attnum > 0 AND NOT attisdropped
 WHERE has_column_privilege(role, attrelid, attnum, privilege)
   AND NOT EXISTS (SELECT FROM columns_of
                    WHERE (columns_of.role, columns_of.object, columns_of.privilege, columns_of.attname)
                          = (partly.role, partly.object, partly.privilege, attribute.attname))
 ORDER BY 1 DESC, 2
