-- Roll-ups of days and of months, made of those of hours and of users' days (record 0047).
--
-- The guarantee, in every snapshot in which both are built: a row of daily_spend is what the rows of hourly_spend of its day, merchant and
-- currency add up to, and one of monthly_users what the rows of daily_users of its month, user and currency do, however many of these
-- days' transactions have been dropped. A step of the follower adds what is new to both in one transaction; an erasure that changes a
-- user's days counts the months anew that they are in; and one that is built is built of the finer one, not of transactions, which may be
-- gone. So the sums of any time are those of the whole days or months in it, and of the hours or days at both ends, which the two functions
-- below put together: nobody else has to know where a day or a month begins.
--
-- Why not by the month for merchants, too: there are fewer of these than of users, and reports show them by day.

ALTER TABLE spendwatch.rollups ADD COLUMN made_of text REFERENCES spendwatch.rollups (name);
COMMENT ON COLUMN spendwatch.rollups.made_of IS
  'the finer roll-up whose rows it adds up, and that it is built of; null where it is built of transactions and alerts';

-- Where there is nothing yet that would have to be counted first, it is built.
CREATE FUNCTION spendwatch.add_coarser_rollup(name text, time_column text, made_of text) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  is_empty boolean;
BEGIN
  EXECUTE format('SELECT NOT EXISTS (SELECT FROM spendwatch.%I)', made_of) INTO is_empty;
  INSERT INTO spendwatch.rollups (name, time_column, built, made_of)
  VALUES (add_coarser_rollup.name, add_coarser_rollup.time_column, is_empty, add_coarser_rollup.made_of);
END
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.add_coarser_rollup(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION spendwatch.add_coarser_rollup(text, text, text) IS
  'for migrations: from now on the table of this name is a roll-up, of what the rows of another one add up to';

CREATE TABLE spendwatch.daily_spend (
  day             date         NOT NULL,
  merchant        varchar(256) NOT NULL,
  currency        char(3)      NOT NULL,
  transactions    bigint       NOT NULL,
  purchases_minor numeric      NOT NULL,
  refunds_minor   numeric      NOT NULL,
  breaches        bigint       NOT NULL,
  PRIMARY KEY (day, merchant, currency)
) WITH (fillfactor = 80);
COMMENT ON TABLE spendwatch.daily_spend IS 'roll-up: the transactions of a day of event time (UTC) by merchant and currency';
COMMENT ON COLUMN spendwatch.daily_spend.merchant IS 'empty for transactions without one';
COMMENT ON COLUMN spendwatch.daily_spend.breaches IS 'transactions with the verdict BREACH';
SELECT spendwatch.add_coarser_rollup('daily_spend', 'day', 'hourly_spend');

CREATE TABLE spendwatch.monthly_users (
  month              date        NOT NULL,
  user_id            varchar(64) COLLATE "C" NOT NULL,
  currency           char(3)     NOT NULL,
  transactions       bigint      NOT NULL,
  purchases_minor    numeric     NOT NULL,
  refunds_minor      numeric     NOT NULL,
  exposure_max_minor bigint      NOT NULL,
  excess_max_minor   numeric     NOT NULL,
  first_day          date        NOT NULL,
  last_day           date        NOT NULL,
  PRIMARY KEY (month, user_id, currency)
) WITH (fillfactor = 80);
COMMENT ON TABLE spendwatch.monthly_users IS 'roll-up: a user''s transactions of a month of event time (UTC) by currency';
COMMENT ON COLUMN spendwatch.monthly_users.month IS 'the first day of it';
COMMENT ON COLUMN spendwatch.monthly_users.exposure_max_minor IS 'the highest exposure of the month''s transactions, each as known at its arrival';
COMMENT ON COLUMN spendwatch.monthly_users.excess_max_minor IS 'the most by which one of them exceeded the balance; 0 where none did';
COMMENT ON COLUMN spendwatch.monthly_users.first_day IS 'of the month, with transactions; last_day likewise';
SELECT spendwatch.add_coarser_rollup('monthly_users', 'month', 'daily_users');

-- Whoever asks for a sum groups what these answer with. They are put in place of the call by the planner, so what is asked of few
-- merchants or users reads only these. What is between the brackets may be anything: nothing, one instant, a part of one day.
CREATE FUNCTION spendwatch.spend_between(from_time timestamptz, before_time timestamptz) RETURNS SETOF spendwatch.daily_spend
  LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT kept.day, kept.merchant, kept.currency, kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.breaches
    FROM spendwatch.daily_spend AS kept
   WHERE kept.day >= (date_bin('24 hours', from_time + interval '23:59:59.999999', '2000-01-01Z') AT TIME ZONE 'UTC')::date
     AND kept.day < (date_bin('24 hours', before_time, '2000-01-01Z') AT TIME ZONE 'UTC')::date
   UNION ALL
  SELECT (kept.hour AT TIME ZONE 'UTC')::date, kept.merchant, kept.currency, kept.transactions, kept.purchases_minor, kept.refunds_minor,
         kept.breaches
    FROM spendwatch.hourly_spend AS kept
   WHERE kept.hour >= from_time
     AND kept.hour < least(date_bin('24 hours', from_time + interval '23:59:59.999999', '2000-01-01Z'), before_time)
   UNION ALL
  SELECT (kept.hour AT TIME ZONE 'UTC')::date, kept.merchant, kept.currency, kept.transactions, kept.purchases_minor, kept.refunds_minor,
         kept.breaches
    FROM spendwatch.hourly_spend AS kept
   WHERE kept.hour >= greatest(date_bin('24 hours', from_time + interval '23:59:59.999999', '2000-01-01Z'),
                               date_bin('24 hours', before_time, '2000-01-01Z'))
     AND kept.hour < before_time;
END;
COMMENT ON FUNCTION spendwatch.spend_between(timestamptz, timestamptz) IS
  'what the hours (UTC) that begin in [from_time, before_time) add up to: whole days from daily_spend, hours at both ends from hourly_spend, '
  'each of these a row of its own, with its day';

CREATE FUNCTION spendwatch.users_between(from_day date, before_day date) RETURNS SETOF spendwatch.monthly_users
  LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT kept.month, kept.user_id, kept.currency, kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.exposure_max_minor,
         kept.excess_max_minor, kept.first_day, kept.last_day
    FROM spendwatch.monthly_users AS kept
   WHERE kept.month >= date_trunc('month', from_day + interval '1 month' - interval '1 day')::date
     AND kept.month < date_trunc('month', before_day::timestamp)::date
   UNION ALL
  SELECT date_trunc('month', kept.day::timestamp)::date, kept.user_id, kept.currency, kept.transactions, kept.purchases_minor,
         kept.refunds_minor, kept.exposure_max_minor, kept.excess_max_minor, kept.day, kept.day
    FROM spendwatch.daily_users AS kept
   WHERE kept.day >= from_day
     AND kept.day < least(date_trunc('month', from_day + interval '1 month' - interval '1 day')::date, before_day)
   UNION ALL
  SELECT date_trunc('month', kept.day::timestamp)::date, kept.user_id, kept.currency, kept.transactions, kept.purchases_minor,
         kept.refunds_minor, kept.exposure_max_minor, kept.excess_max_minor, kept.day, kept.day
    FROM spendwatch.daily_users AS kept
   WHERE kept.day >= greatest(date_trunc('month', from_day + interval '1 month' - interval '1 day')::date,
                              date_trunc('month', before_day::timestamp)::date)
     AND kept.day < before_day;
END;
COMMENT ON FUNCTION spendwatch.users_between(date, date) IS
  'what the days of [from_day, before_day) add up to for each user: whole months from monthly_users, days at both ends from daily_users, '
  'each of these a row of its own, with its month';

REVOKE EXECUTE ON FUNCTION spendwatch.spend_between(timestamptz, timestamptz), spendwatch.users_between(date, date) FROM PUBLIC;
