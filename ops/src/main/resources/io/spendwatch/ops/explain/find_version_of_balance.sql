-- Promises that version of the account of user $1 with balance $2 in currency $3 which was recorded last before $4, else first after
-- it; no row where none is kept.
SELECT balance_version, balance_minor, currency, in_force_since, recorded_at, closed_at
  FROM spendwatch.account_versions
 WHERE user_id = $1
   AND balance_minor = $2
   AND currency = $3
 ORDER BY recorded_at > $4, CASE WHEN recorded_at > $4 THEN recorded_at - $4 ELSE $4 - recorded_at END
 LIMIT 1
