-- Promises one row of user $1: the name of the account, and the RAISED of episode $2; nulls for what there is not.
SELECT account.username, alert.transaction_id, alert.exposure_minor, alert.balance_minor, alert.currency, alert.event_time
  FROM (VALUES ($1::text)) AS asked (user_id)
  LEFT JOIN spendwatch.accounts AS account ON account.user_id = asked.user_id
  LEFT JOIN spendwatch.alerts AS alert
    ON alert.user_id = asked.user_id AND alert.episode_id = $2::text AND alert.type = 'RAISED'
 LIMIT 1
