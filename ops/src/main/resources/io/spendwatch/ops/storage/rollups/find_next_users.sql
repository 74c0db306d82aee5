-- Promises the user who is $2 accounts after user $1: no row where there are fewer. Reads that many entries of an index.
SELECT user_id
  FROM spendwatch.accounts
 WHERE user_id > $1
 ORDER BY user_id
OFFSET $2
 LIMIT 1
