-- Promises that nodes, analysis and audits may do nothing with the schema's tables, until they are granted what they need: what somebody
-- has granted, or a former version, does not stay. Tables of others are left to them.
DO $$
DECLARE
  held record;
BEGIN
  FOR held IN
    SELECT DISTINCT relation.relname, role.rolname
      FROM pg_class AS relation
     CROSS JOIN LATERAL (
             SELECT relation.relacl AS granted
              UNION ALL
             SELECT attacl FROM pg_attribute WHERE attrelid = relation.oid
           ) AS tables_and_columns
     CROSS JOIN LATERAL aclexplode(granted) AS privilege
      JOIN pg_roles AS role ON role.oid = privilege.grantee
     WHERE relation.relnamespace = 'spendwatch'::regnamespace
       AND pg_has_role(relation.relowner, 'USAGE')
       AND role.rolname IN ('spendwatch_oltp', 'spendwatch_olap', 'spendwatch_audit', 'spendwatch_names')
  LOOP
    EXECUTE format('REVOKE ALL ON spendwatch.%I FROM %I', held.relname, held.rolname);
  END LOOP;
END
$$;
