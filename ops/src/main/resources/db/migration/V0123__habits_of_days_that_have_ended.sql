-- What is usual for users is counted once a day has ended, and no longer as rows come (record 0058).
--
-- The guarantee, in every snapshot: daily_habits has exactly what follows from the transactions in the roll-ups whose (day, user) is before
-- daily_habits_position, which moves forward only. A late transaction of a day before it is added as it comes, like to the other roll-ups.
-- What lies behind it is in no sum that anybody relies on: nodes of the version before may have put some of it there, erasing a user some,
-- and it is counted anew when the position comes past. user_features_at reads those days from the transactions, so it is right at any time.
--
-- Why: a user's merchants of a day are nearly as many rows as there are transactions, in an order that has nothing to do with that in which
-- they come, and nobody reads a day's before it has ended. Counted as they came, each went to another page.

CREATE TABLE spendwatch.daily_habits_position (
  day     date NOT NULL,
  user_id varchar(64) COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX daily_habits_position_one ON spendwatch.daily_habits_position ((true));
COMMENT ON TABLE spendwatch.daily_habits_position IS 'how far daily_habits is: it has the days before this one, and of this day the users before this one';

-- All days are there; those of which it is not known that they have ended are counted anew.
INSERT INTO spendwatch.daily_habits_position (day, user_id)
SELECT coalesce((SELECT max(as_of) FROM spendwatch.user_features_versions WHERE next_user IS NULL),
                (SELECT max(day) + 1 FROM spendwatch.daily_habits WHERE day <= (now() AT TIME ZONE 'UTC')::date),
                '-infinity'), '';

COMMENT ON TABLE spendwatch.daily_habits IS
  'roll-up: a user''s transactions of a day of event time (UTC) that has ended (daily_habits_position), by currency and merchant';

CREATE OR REPLACE FUNCTION spendwatch.user_features_at(as_of date, from_user text DEFAULT '', before_user text DEFAULT NULL)
  RETURNS TABLE (user_id text, currency char(3), transactions bigint, days_active integer, daily_spend_avg_minor numeric,
                 daily_spend_p90_minor numeric, refund_share numeric, usual_hours integer[], merchants integer, usual_merchants text[])
  LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH spent AS (
    SELECT kept.user_id, kept.currency, sum(kept.transactions)::bigint AS transactions, count(*)::integer AS days_active,
           sum(kept.purchases_minor) AS purchases_minor, sum(kept.refunds_minor) AS refunds_minor,
           array_agg(kept.purchases_minor - kept.refunds_minor) AS days_minor
      FROM spendwatch.daily_users AS kept
     WHERE kept.day >= user_features_at.as_of - 30 AND kept.day < user_features_at.as_of
       AND kept.user_id >= from_user AND (before_user IS NULL OR kept.user_id < before_user)
     GROUP BY kept.user_id, kept.currency
  ), habit AS (
    SELECT kept.day, kept.user_id, kept.currency, kept.merchant, kept.hours, kept.transactions
      FROM spendwatch.daily_habits AS kept
     WHERE kept.day >= user_features_at.as_of - 30 AND kept.day < user_features_at.as_of
       AND kept.day < (SELECT day FROM spendwatch.daily_habits_position)
       AND kept.user_id >= from_user AND (before_user IS NULL OR kept.user_id < before_user)
     UNION ALL
    -- Of days that are not there yet: none, where the day has begun that is asked for and somebody has looked since.
    SELECT (later.event_time AT TIME ZONE 'UTC')::date, later.user_id, later.currency, coalesce(later.merchant, '')::varchar(256),
           bit_or(1 << extract(hour FROM later.event_time AT TIME ZONE 'UTC')::integer), count(*)
      FROM spendwatch.rolled_up_transactions AS later
     WHERE later.event_time >= (user_features_at.as_of - 30)::timestamp AT TIME ZONE 'UTC'
       AND later.event_time < user_features_at.as_of::timestamp AT TIME ZONE 'UTC'
       AND later.event_time >= (SELECT day::timestamp AT TIME ZONE 'UTC' FROM spendwatch.daily_habits_position)
       AND later.user_id >= from_user AND (before_user IS NULL OR later.user_id < before_user)
     GROUP BY 1, 2, 3, 4
  ), active AS (
    SELECT habit.user_id, habit.currency, habit.day, bit_or(habit.hours) AS hours
      FROM habit
     GROUP BY habit.user_id, habit.currency, habit.day
  ), active_hour AS (
    SELECT active.user_id, active.currency, hour, count(*) AS days
      FROM active
     CROSS JOIN generate_series(0, 23) AS hour
     WHERE (active.hours >> hour) & 1 = 1
     GROUP BY active.user_id, active.currency, hour
  ), usual_hour AS (
    SELECT active_hour.user_id, active_hour.currency, array_agg(active_hour.hour ORDER BY active_hour.hour) AS hours
      FROM active_hour
      JOIN spent ON spent.user_id = active_hour.user_id AND spent.currency = active_hour.currency
     WHERE active_hour.days * 4 >= spent.days_active
     GROUP BY active_hour.user_id, active_hour.currency
  ), visited AS (
    SELECT habit.user_id, habit.currency, habit.merchant::text AS merchant,
           row_number() OVER (PARTITION BY habit.user_id, habit.currency
                              ORDER BY count(*) DESC, sum(habit.transactions) DESC, habit.merchant COLLATE "C") AS place
      FROM habit
     WHERE habit.merchant <> ''
     GROUP BY habit.user_id, habit.currency, habit.merchant
  ), usual_merchant AS (
    SELECT visited.user_id, visited.currency, count(*)::integer AS merchants,
           array_agg(visited.merchant ORDER BY visited.place) FILTER (WHERE visited.place <= 5) AS usual
      FROM visited
     GROUP BY visited.user_id, visited.currency
  )
  SELECT spent.user_id::text, spent.currency, spent.transactions, spent.days_active,
         round((spent.purchases_minor - spent.refunds_minor) / 30), daily.p90,
         -- The decimals are what it divides to at least, however large the quotient is.
         CASE WHEN spent.purchases_minor > 0 THEN round(spent.refunds_minor * 1.00000000 / spent.purchases_minor, 4) END,
         coalesce(usual_hour.hours, '{}'), coalesce(usual_merchant.merchants, 0), coalesce(usual_merchant.usual, '{}')
    FROM spent
    LEFT JOIN usual_hour ON usual_hour.user_id = spent.user_id AND usual_hour.currency = spent.currency
    LEFT JOIN usual_merchant ON usual_merchant.user_id = spent.user_id AND usual_merchant.currency = spent.currency
   CROSS JOIN LATERAL (
           SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY day_minor) AS p90
             FROM unnest(spent.days_minor || array_fill(0::numeric, ARRAY[30 - spent.days_active])) AS day_minor
         ) AS daily;
END;

-- A step changes nearly all of its users: with room for both versions of each on its page, its index is not touched.
ALTER TABLE spendwatch.user_risk SET (fillfactor = 45);
