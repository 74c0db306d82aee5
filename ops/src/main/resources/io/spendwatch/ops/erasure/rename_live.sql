-- Promises that user $1 is called $2 in all that nodes and roll-ups go by, but for transactions and what is added up of them by day; of days
-- that were dropped that, too, which no row can tell any more: to be followed by count_months of these. In one step. The name of the account is gone.
WITH erasure AS (
  SELECT ?::text AS user_id, ?::text AS pseudonym
), account AS (
  UPDATE spendwatch.accounts AS kept SET user_id = erasure.pseudonym, username = NULL
    FROM erasure WHERE kept.user_id = erasure.user_id
), version AS (
  UPDATE spendwatch.account_versions AS kept SET user_id = erasure.pseudonym
    FROM erasure WHERE kept.user_id = erasure.user_id
), closed AS (
  UPDATE spendwatch.closed_accounts AS kept SET user_id = erasure.pseudonym
    FROM erasure WHERE kept.user_id = erasure.user_id
), alert AS (
  UPDATE spendwatch.alerts AS kept SET user_id = erasure.pseudonym
    FROM erasure WHERE kept.user_id = erasure.user_id
), episode AS (
  UPDATE spendwatch.open_episodes AS kept SET user_id = erasure.pseudonym
    FROM erasure WHERE kept.user_id = erasure.user_id
), risk AS (
  UPDATE spendwatch.user_risk AS kept SET user_id = erasure.pseudonym
    FROM erasure WHERE kept.user_id = erasure.user_id
), leaving AS (
  UPDATE spendwatch.user_risk_leaving AS kept SET user_ids = array_replace(kept.user_ids, erasure.user_id, erasure.pseudonym)
    FROM erasure WHERE erasure.user_id = ANY (kept.user_ids)
), features AS (
  UPDATE spendwatch.user_features AS kept SET user_id = erasure.pseudonym
    FROM erasure WHERE kept.user_id = erasure.user_id
), late AS (
  UPDATE spendwatch.reconciliation_late AS kept SET user_id = erasure.pseudonym
    FROM erasure WHERE kept.user_id = erasure.user_id
), audited_episode AS (
  UPDATE spendwatch.reconciliation_open_episodes AS kept SET user_id = erasure.pseudonym
    FROM erasure WHERE kept.user_id = erasure.user_id
), removing AS (
  UPDATE spendwatch.retention AS kept SET place = jsonb_set(kept.place, '{0}', to_jsonb(erasure.pseudonym))
    FROM erasure WHERE kept.kind = 'account_versions' AND kept.place ->> 0 = erasure.user_id
), dropped AS (
  SELECT ARRAY(SELECT day::date
                 FROM generate_series((SELECT min(day) FROM spendwatch.daily_users)::timestamp,
                                      (SELECT dropped_before AT TIME ZONE 'UTC' FROM spendwatch.settings) - interval '1 day',
                                      interval '1 day') AS day) AS days
), dropped_day AS (
  UPDATE spendwatch.daily_users AS kept SET user_id = erasure.pseudonym
    FROM erasure, dropped WHERE kept.day = ANY (dropped.days) AND kept.user_id = erasure.user_id
), dropped_habit AS (
  UPDATE spendwatch.daily_habits AS kept SET user_id = erasure.pseudonym
    FROM erasure, dropped WHERE kept.day = ANY (dropped.days) AND kept.user_id = erasure.user_id
)
UPDATE spendwatch.erasures AS known SET live_at = now()
  FROM erasure
 WHERE known.pseudonym = erasure.pseudonym
