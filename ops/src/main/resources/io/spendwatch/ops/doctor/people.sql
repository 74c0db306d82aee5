-- Promises the logins that may read as spendwatch_olap and do no more than that, and lack bounds, each with those that it lacks: what a
-- statement may take of time, of memory and of the server's disk, how long a transaction may idle, and how many connections there may be.
SELECT login.rolname || ' (' || string_agg(bound, ', ' ORDER BY number) || ')'
  FROM pg_roles AS login
 CROSS JOIN unnest(ARRAY['statement_timeout', 'idle_in_transaction_session_timeout', 'work_mem', 'temp_file_limit', 'connection limit'])
       WITH ORDINALITY AS bounds (bound, number)
 WHERE login.rolcanlogin
   AND NOT login.rolsuper
   AND pg_has_role(login.oid, to_regrole('spendwatch_olap'), 'MEMBER')
   AND NOT coalesce(pg_has_role(login.oid, to_regrole('spendwatch_oltp'), 'MEMBER'), false)
   AND CASE bound
         WHEN 'connection limit' THEN login.rolconnlimit = -1
         ELSE NOT EXISTS (
           SELECT FROM pg_db_role_setting AS settings, unnest(settings.setconfig) AS setting
            WHERE setrole = login.oid
              AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
              AND split_part(setting, '=', 1) = bound
              AND split_part(setting, '=', 2) NOT IN ('0', '-1'))
       END
 GROUP BY login.rolname
 ORDER BY login.rolname
