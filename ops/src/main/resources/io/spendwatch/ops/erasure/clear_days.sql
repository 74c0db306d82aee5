-- Promises that what is added up by day of these users ($1), from $2 up to before $3, is gone. To be followed by count_days.
WITH asked AS (
  SELECT ?::text[] AS user_ids,
         ARRAY(SELECT day::date
                 FROM generate_series(?::timestamptz AT TIME ZONE 'UTC', (?::timestamptz AT TIME ZONE 'UTC') - interval '1 day',
                                      interval '1 day') AS day) AS days
), habit AS (
  DELETE FROM spendwatch.daily_habits AS kept
   USING asked
   WHERE kept.day = ANY (asked.days) AND kept.user_id = ANY (asked.user_ids)
)
DELETE FROM spendwatch.daily_users AS kept
 USING asked
 WHERE kept.day = ANY (asked.days) AND kept.user_id = ANY (asked.user_ids)
