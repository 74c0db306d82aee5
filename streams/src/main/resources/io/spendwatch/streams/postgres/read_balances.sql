-- Promises the balances now in force of the users $1, with since when they are; a user without an account has no row.
SELECT user_id, balance_minor, currency, balance_version, as_of
  FROM spendwatch.accounts
 WHERE user_id = ANY ($1::text[])
