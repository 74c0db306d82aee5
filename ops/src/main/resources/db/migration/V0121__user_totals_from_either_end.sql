-- What a question about users reads at the begin of its time: never more than half a month of days (record 0051).
--
-- The guarantee: what user_totals_between answers with adds up to exactly what the days between the brackets do, in every snapshot in which
-- daily_users and monthly_users are built. A month of which the greater part is in them is the month less the days before them, which are
-- fewer; and the month that they end in is that month where nothing lies behind the end, as where it ends now. What cannot be taken off a
-- month is not in it: for the highest exposure there is users_between, as before.
--
-- The days are taken off user by user, here and not by who asks: so nobody sees a row of whom nothing is left, and what the function answers
-- with can be added up like that of users_between. Like that, it is put in place of the call by the planner.

CREATE TYPE spendwatch.user_total AS (
  user_id         varchar(64) COLLATE "C",
  currency        char(3),
  transactions    bigint,
  purchases_minor numeric,
  refunds_minor   numeric,
  last_day        date
);
COMMENT ON TYPE spendwatch.user_total IS 'what some of a user''s transactions of a currency add up to, and the last day (UTC) that has one of them';

CREATE FUNCTION spendwatch.user_totals_between(from_day date, before_day date) RETURNS SETOF spendwatch.user_total
  LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  -- Whole months.
  SELECT kept.user_id, kept.currency, kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.last_day
    FROM spendwatch.monthly_users AS kept
   WHERE kept.month >= date_trunc('month', from_day + interval '1 month' - interval '1 day')::date
     AND kept.month < date_trunc('month', before_day::timestamp)::date
   UNION ALL
  -- The month that it ends in, where nothing of it is behind the end. Apart, so that the planner can tell how many rows either has.
  SELECT kept.user_id, kept.currency, kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.last_day
    FROM spendwatch.monthly_users AS kept
   WHERE kept.month = date_trunc('month', before_day::timestamp)::date
     AND date_trunc('month', before_day::timestamp) >= from_day
     AND NOT EXISTS (SELECT
                       FROM spendwatch.daily_users AS behind
                      WHERE behind.day >= before_day
                        AND behind.day < date_trunc('month', before_day::timestamp) + interval '1 month')
   UNION ALL
  -- The days at the begin, where they are few or end in the same month.
  SELECT kept.user_id, kept.currency, kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.day
    FROM spendwatch.daily_users AS kept
   WHERE kept.day >= from_day
     AND kept.day < least(date_trunc('month', from_day + interval '1 month' - interval '1 day')::date, before_day)
     AND (extract(day FROM from_day) > 16
          OR date_trunc('month', from_day + interval '1 month' - interval '1 day') > before_day)
   UNION ALL
  -- Else the month less the days before it.
  SELECT part.user_id, part.currency, sum(part.transactions)::bigint, sum(part.purchases_minor), sum(part.refunds_minor),
         max(part.last_day)
    FROM (
           SELECT kept.user_id, kept.currency, kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.last_day
             FROM spendwatch.monthly_users AS kept
            WHERE kept.month = date_trunc('month', from_day::timestamp)::date
            UNION ALL
           SELECT kept.user_id, kept.currency, -kept.transactions, -kept.purchases_minor, -kept.refunds_minor, NULL
             FROM spendwatch.daily_users AS kept
            WHERE kept.day >= date_trunc('month', from_day::timestamp)::date
              AND kept.day < from_day
         ) AS part
   WHERE extract(day FROM from_day) BETWEEN 2 AND 16
     AND date_trunc('month', from_day + interval '1 month' - interval '1 day') <= before_day
   GROUP BY part.user_id, part.currency
  HAVING sum(part.transactions) > 0
   UNION ALL
  -- The days at the end, of a month that begins in it, where others of it are behind them.
  SELECT kept.user_id, kept.currency, kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.day
    FROM spendwatch.daily_users AS kept
   WHERE kept.day >= greatest(date_trunc('month', from_day + interval '1 month' - interval '1 day')::date,
                              date_trunc('month', before_day::timestamp)::date)
     AND kept.day < before_day
     AND EXISTS (SELECT
                   FROM spendwatch.daily_users AS behind
                  WHERE behind.day >= before_day
                    AND behind.day < date_trunc('month', before_day::timestamp) + interval '1 month');
END;
COMMENT ON FUNCTION spendwatch.user_totals_between(date, date) IS
  'what the days of [from_day, before_day) add up to for each user, in parts: as users_between, without what cannot be taken off a month';

REVOKE EXECUTE ON FUNCTION spendwatch.user_totals_between(date, date) FROM PUBLIC;
