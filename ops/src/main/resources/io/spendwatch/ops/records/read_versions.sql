-- Promises the versions of the balance of user $1 that are in force in [$2, $3], in their order, the first $4: from the last one that begins
-- before on, and the first of all where all begin later. The last column is when the account went with that version, if it did.
SELECT as_of, currency, balance_minor, closed_at
  FROM spendwatch.account_versions
 WHERE user_id = $1
   AND as_of >= coalesce((SELECT max(as_of) FROM spendwatch.account_versions WHERE user_id = $1 AND as_of <= $2), '-infinity')
   AND as_of <= greatest($3, (SELECT min(as_of) FROM spendwatch.account_versions WHERE user_id = $1))
 ORDER BY as_of, balance_version
 LIMIT $4
