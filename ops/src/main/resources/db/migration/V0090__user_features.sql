-- What is usual for a user, for whoever decides about the next transaction, and for training (record 0033).
--
-- The guarantee: features hold for the begin of a day (UTC) and follow from the transactions of the thirty days before it, whichever day
-- that is: nothing of a later event time is in them. Those of today and those of a past day are one function's, user_features_at. What is
-- stored in user_features is what was known when it was computed, once a day, and never changes by what comes late; computed_at says when.
--
-- Why from roll-ups: thirty days of transactions are read by no daily job beside ingestion; a row a day is. Why one roll-up for hours and
-- merchants: each costs the follower as much as all rows of users do, and a merchant's hours are a number of 24 bits.

CREATE TABLE spendwatch.daily_habits (
  day          date         NOT NULL,
  user_id      varchar(64)  COLLATE "C" NOT NULL,
  currency     char(3)      NOT NULL,
  merchant     varchar(256) NOT NULL,
  hours        integer      NOT NULL,
  transactions bigint       NOT NULL,
  PRIMARY KEY (day, user_id, currency, merchant)
) WITH (fillfactor = 80);
COMMENT ON TABLE spendwatch.daily_habits IS 'roll-up: a user''s transactions of a day of event time (UTC) by currency and merchant';
COMMENT ON COLUMN spendwatch.daily_habits.merchant IS 'empty for transactions without one';
COMMENT ON COLUMN spendwatch.daily_habits.hours IS 'bit h is set where one of them was in hour h (UTC) of the day';
SELECT spendwatch.add_rollup('daily_habits', 'day');

-- Of users in [from_user, before_user), in the order of bytes; of all by default.
CREATE FUNCTION spendwatch.user_features_at(as_of date, from_user text DEFAULT '', before_user text DEFAULT NULL)
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
       AND kept.user_id >= from_user AND (before_user IS NULL OR kept.user_id < before_user)
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
REVOKE EXECUTE ON FUNCTION spendwatch.user_features_at(date, text, text) FROM PUBLIC;
COMMENT ON FUNCTION spendwatch.user_features_at(date, text, text) IS
  'what is usual for users at the begin of this day (UTC), by the thirty days before it and nothing later';

CREATE TABLE spendwatch.user_features (
  user_id               varchar(64) COLLATE "C" NOT NULL,
  currency              char(3)     NOT NULL,
  as_of                 date        NOT NULL,
  computed_at           timestamptz NOT NULL,
  transactions          bigint      NOT NULL,
  days_active           integer     NOT NULL,
  daily_spend_avg_minor numeric     NOT NULL,
  daily_spend_p90_minor numeric     NOT NULL,
  refund_share          numeric,
  usual_hours           integer[]   NOT NULL,
  merchants             integer     NOT NULL,
  usual_merchants       text[]      NOT NULL,
  PRIMARY KEY (user_id, as_of, currency)
);
COMMENT ON TABLE spendwatch.user_features IS 'what is usual for each user with transactions in the thirty days before as_of (UTC), by currency';
COMMENT ON COLUMN spendwatch.user_features.as_of IS 'they hold for the begin of this day: no later transaction is in them';
COMMENT ON COLUMN spendwatch.user_features.computed_at IS 'what came after that moment is not in them, however old it is';
COMMENT ON COLUMN spendwatch.user_features.days_active IS 'of the thirty days, those with transactions';
COMMENT ON COLUMN spendwatch.user_features.daily_spend_avg_minor IS 'purchases less refunds a day, days without transactions included';
COMMENT ON COLUMN spendwatch.user_features.daily_spend_p90_minor IS 'on nine of ten days it was this much or less';
COMMENT ON COLUMN spendwatch.user_features.refund_share IS 'refunds by purchases; null without purchases';
COMMENT ON COLUMN spendwatch.user_features.usual_hours IS 'hours (UTC) with transactions on a quarter of the active days, or more';
COMMENT ON COLUMN spendwatch.user_features.merchants IS 'how many different ones';
COMMENT ON COLUMN spendwatch.user_features.usual_merchants IS 'the five of most days; of as many days, those with more transactions first';

CREATE TABLE spendwatch.user_features_versions (
  as_of     date PRIMARY KEY,
  begun_at  timestamptz NOT NULL,
  next_user text
);
COMMENT ON TABLE spendwatch.user_features_versions IS 'the moments for which user_features has everybody, or will have';
COMMENT ON COLUMN spendwatch.user_features_versions.next_user IS 'from this user on they are still to be computed; null once all are';
