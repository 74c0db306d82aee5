-- Promises the $2 users who were nearest to their limit, or over it, with their last transaction, if that is within the 24 h before
-- the newest one: by headroom, or by the part of the balance that is used ($1).
SELECT user_id, currency, spendwatch.to_decimal(exposure_minor, currency) AS exposure, spendwatch.to_decimal(balance_minor, currency) AS balance,
       spendwatch.total_to_decimal(headroom_minor, currency) AS headroom,
       CASE WHEN balance_minor > 0 THEN round(100 * exposure_minor::numeric / balance_minor, 1) END AS used_percent, transactions_1h, updated_at
  FROM spendwatch.user_risk
 WHERE balance_minor IS NOT NULL
   AND updated_at > (SELECT as_of FROM spendwatch.user_risk_clock) - interval '24 hours'
 ORDER BY CASE WHEN $1::text = 'used' AND balance_minor > 0 THEN -exposure_minor::numeric / balance_minor
               WHEN $1::text = 'used' THEN CASE WHEN exposure_minor > balance_minor THEN '-Infinity'::numeric ELSE 'Infinity' END
               ELSE spendwatch.total_to_decimal(headroom_minor, currency)
          END, user_id, currency
 LIMIT $2
