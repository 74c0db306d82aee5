-- Promises that the users of [$1, $2) have no features of day $3, nor of days before $4.
DELETE FROM spendwatch.user_features
 WHERE user_id >= $1 AND ($2::text IS NULL OR user_id < $2)
   AND (as_of = $3 OR as_of < $4)
