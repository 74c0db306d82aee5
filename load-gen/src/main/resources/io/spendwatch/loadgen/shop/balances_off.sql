-- Customers whose balance is not what their sales and returns make of the opening balance: none, at each commit.
SELECT c.c_customer_sk, c.c_balance, c.c_opening_balance - coalesce(s.sold, 0) + coalesce(r.returned, 0) AS due
FROM customer c
LEFT JOIN (SELECT ss_customer_sk, sum(ss_net_paid_inc_tax) AS sold FROM store_sales GROUP BY ss_customer_sk) s
  ON s.ss_customer_sk = c.c_customer_sk
LEFT JOIN (SELECT sr_customer_sk, sum(sr_return_amt_inc_tax) AS returned FROM store_returns GROUP BY sr_customer_sk) r
  ON r.sr_customer_sk = c.c_customer_sk
WHERE c.c_balance <> c.c_opening_balance - coalesce(s.sold, 0) + coalesce(r.returned, 0)
ORDER BY c.c_customer_sk
