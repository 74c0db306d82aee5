-- Promises that version of the account of user $1 with balance $2 in currency $3 which begins last at the instant $4 or before, else first
-- after it; no row where none is kept.
SELECT balance_version, balance_minor, currency, as_of, recorded_at, closed_at
  FROM spendwatch.account_versions
 WHERE user_id = $1
   AND balance_minor = $2
   AND currency = $3
 ORDER BY as_of > $4, CASE WHEN as_of > $4 THEN as_of - $4 ELSE $4 - as_of END, balance_version DESC
 LIMIT 1
