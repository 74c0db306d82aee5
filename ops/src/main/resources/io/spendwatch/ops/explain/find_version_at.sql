-- Promises the last version of the account of user $1 in ($2, $3] that was in force at $4 or before; no row without any.
SELECT balance_version, balance_minor, currency, in_force_since, recorded_at, closed_at
  FROM spendwatch.account_versions
 WHERE user_id = $1
   AND balance_version > $2
   AND balance_version <= $3
   AND in_force_since <= $4
 ORDER BY balance_version DESC
 LIMIT 1
