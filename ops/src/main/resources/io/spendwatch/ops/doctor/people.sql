-- Promises the logins that may read as spendwatch_olap and do no more than that, and whose sessions end by no time-out, or that may have as
-- many connections as they like.
SELECT login.rolname
  FROM pg_roles AS login
  LEFT JOIN pg_db_role_setting AS settings ON settings.setrole = login.oid AND settings.setdatabase = 0
 WHERE login.rolcanlogin
   AND NOT login.rolsuper
   AND pg_has_role(login.oid, to_regrole('spendwatch_olap'), 'MEMBER')
   AND NOT coalesce(pg_has_role(login.oid, to_regrole('spendwatch_oltp'), 'MEMBER'), false)
   AND (login.rolconnlimit = -1
        OR NOT coalesce(settings.setconfig::text ~ 'statement_timeout=', false))
 ORDER BY login.rolname
