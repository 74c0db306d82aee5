-- Promises for each role whether it is there, and whether this user may work as it.
SELECT wanted, rolname IS NOT NULL, coalesce(pg_has_role(current_user, rolname, 'MEMBER'), false)
  FROM unnest(?::text[]) WITH ORDINALITY AS roles (wanted, place)
  LEFT JOIN pg_roles ON rolname = wanted
 ORDER BY place
