-- Promises the months (UTC) that there is anything of in roll-ups of users, each by its first day.
SELECT date_trunc('month', day::timestamp)::date::text AS month FROM spendwatch.daily_users
 UNION
SELECT month::text FROM spendwatch.monthly_users
 ORDER BY month
