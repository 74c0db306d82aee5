-- Promises that nothing is in user_risk, and that it is as of the highest event time: what of all transactions is added after this counts in
-- the last hour, or does not, for good.
DELETE FROM spendwatch.user_risk;
DELETE FROM spendwatch.user_risk_leaving;
UPDATE spendwatch.user_risk_clock
   SET as_of = newest.second, target = newest.second
  FROM (SELECT coalesce(date_trunc('second', max(event_time)), '-infinity') AS second FROM spendwatch.rolled_up_transactions) AS newest;
UPDATE spendwatch.rollups SET unfinished = false WHERE name = 'user_risk';
