-- Promises the users by the week or month ($3, UTC) of their first day, if it lies in [$1, $2), and how many of them had a transaction so
-- many weeks or months later: $4 rows at most. Whose first day that was is known from all days, by their months; which weeks somebody was
-- active in only by the days themselves.
WITH first_day AS (
  SELECT user_id, min(first_day) AS first_day
    FROM spendwatch.monthly_users
   GROUP BY user_id
  HAVING min(first_day) >= ($1::timestamptz AT TIME ZONE 'UTC')::date AND min(first_day) < ($2::timestamptz AT TIME ZONE 'UTC')
), period AS (
  SELECT user_id, date_trunc('month', first_day.first_day::timestamp)::date AS cohort, month AS active_in
    FROM first_day
    JOIN spendwatch.monthly_users AS kept USING (user_id)
   WHERE $3::text = 'month'
   GROUP BY 1, 2, 3
   UNION ALL
  SELECT user_id, date_trunc('week', first_day.first_day::timestamp)::date, date_trunc('week', day::timestamp)::date
    FROM first_day
    JOIN spendwatch.daily_users USING (user_id)
   WHERE $3::text = 'week'
   GROUP BY 1, 2, 3
), counted AS (
  SELECT cohort,
         CASE $3::text WHEN 'week' THEN (active_in - cohort) / 7
                       ELSE 12 * (extract(year FROM active_in) - extract(year FROM cohort))
                            + extract(month FROM active_in) - extract(month FROM cohort)
         END::integer AS later, count(*) AS users
    FROM period
   GROUP BY 1, 2
)
SELECT cohort, later, users, round(100.0 * users / first_value(users) OVER (PARTITION BY cohort ORDER BY later), 2) AS active_percent
  FROM counted
 ORDER BY cohort DESC, later
 LIMIT $4
