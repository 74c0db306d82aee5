-- Promises that daily_habits has the days before $1, and of that day the users before $2.
UPDATE spendwatch.daily_habits_position SET day = $1::date, user_id = $2::text
