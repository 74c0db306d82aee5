-- Promises that daily_habits has nothing of day $1 of the users of [$2, $3), of all from $2 on where $3 is null.
DELETE FROM spendwatch.daily_habits
 WHERE day = $1::date
   AND user_id >= $2::text AND ($3::text IS NULL OR user_id < $3::text)
