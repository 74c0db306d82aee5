-- Promises version $2 of the account of user $1; no row where none is kept.
SELECT balance_version, balance_minor, currency, as_of, recorded_at, closed_at
  FROM spendwatch.account_versions
 WHERE user_id = $1
   AND balance_version = $2
