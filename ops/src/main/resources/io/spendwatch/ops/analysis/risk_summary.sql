-- Promises the $2 users with the most in the last hour up to the newest transaction: total, transactions, or the largest purchase ($1).
SELECT user_id, currency, transactions_1h, spendwatch.total_to_decimal(total_1h_minor, currency) AS total_1h,
       spendwatch.to_decimal(max_1h_minor, currency) AS max_1h, spendwatch.to_decimal(exposure_minor, currency) AS exposure,
       spendwatch.to_decimal(balance_minor, currency) AS balance, spendwatch.total_to_decimal(headroom_minor, currency) AS headroom, updated_at
  FROM spendwatch.user_risk
 WHERE transactions_1h > 0
 ORDER BY CASE $1::text WHEN 'transactions' THEN transactions_1h
                        WHEN 'largest' THEN spendwatch.to_decimal(max_1h_minor, currency)
                        ELSE spendwatch.total_to_decimal(total_1h_minor, currency)
          END DESC, user_id, currency
 LIMIT $2
