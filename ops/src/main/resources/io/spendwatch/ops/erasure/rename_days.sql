-- Promises that what is added up by day of user $1 is $2's, from $3 up to before $4: where the rows are not in sight that it could be counted
-- from.
WITH erasure AS (
  SELECT ?::text AS user_id, ?::text AS pseudonym,
         ARRAY(SELECT day::date
                 FROM generate_series(?::timestamptz AT TIME ZONE 'UTC', (?::timestamptz AT TIME ZONE 'UTC') - interval '1 day',
                                      interval '1 day') AS day) AS days
), habit AS (
  UPDATE spendwatch.daily_habits AS kept SET user_id = erasure.pseudonym
    FROM erasure WHERE kept.day = ANY (erasure.days) AND kept.user_id = erasure.user_id
)
UPDATE spendwatch.daily_users AS kept SET user_id = erasure.pseudonym
  FROM erasure WHERE kept.day = ANY (erasure.days) AND kept.user_id = erasure.user_id
