-- Promises the version of the account of user $1 that is in force at the instant $2, or begins there: the last one up to it, else the
-- first; no row without any.
(SELECT balance_version, balance_minor, currency, as_of, recorded_at, closed_at
   FROM spendwatch.account_versions
  WHERE user_id = $1
    AND as_of <= $2
  ORDER BY as_of DESC, balance_version DESC
  LIMIT 1)
 UNION ALL
(SELECT balance_version, balance_minor, currency, as_of, recorded_at, closed_at
   FROM spendwatch.account_versions
  WHERE user_id = $1
  ORDER BY as_of, balance_version
  LIMIT 1)
 LIMIT 1
