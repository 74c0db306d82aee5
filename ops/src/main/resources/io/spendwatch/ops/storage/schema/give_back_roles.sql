-- Promises that the user is a member of no role of ours any more by its own doing. What somebody else has granted stays; so does the right
-- to become a member again, which whoever makes a role has.
DO $$
DECLARE
  role_name regrole;
BEGIN
  FOR role_name IN
    SELECT roleid FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = roleid
     WHERE rolname IN ('spendwatch_owner', 'spendwatch_oltp', 'spendwatch_olap', 'spendwatch_audit', 'spendwatch_names')
       AND member = (SELECT oid FROM pg_roles WHERE rolname = current_user)
       AND grantor = member
  LOOP
    EXECUTE format('REVOKE %s FROM CURRENT_USER', role_name);
  END LOOP;
END
$$
