-- Promises how many rows of each table have user $1; transactions are counted partition by partition.
WITH erased AS (SELECT ?::text AS user_id)
SELECT named, rows
  FROM erased
 CROSS JOIN LATERAL (
         SELECT 1, 'accounts', count(*) FROM spendwatch.accounts AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 2, 'account_versions', count(*) FROM spendwatch.account_versions AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 3, 'closed_accounts', count(*) FROM spendwatch.closed_accounts AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 4, 'alerts', count(*) FROM spendwatch.alerts AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 5, 'open_episodes', count(*) FROM spendwatch.open_episodes AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 6, 'daily_users', count(*) FROM spendwatch.daily_users AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 7, 'monthly_users', count(*) FROM spendwatch.monthly_users AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 8, 'daily_habits', count(*) FROM spendwatch.daily_habits AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 9, 'user_risk', count(*) FROM spendwatch.user_risk AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 10, 'user_risk_leaving', count(*) FROM spendwatch.user_risk_leaving AS kept WHERE erased.user_id = ANY (kept.user_ids)
          UNION ALL
         SELECT 11, 'user_features', count(*) FROM spendwatch.user_features AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 12, 'reconciliation_findings', count(*) FROM spendwatch.reconciliation_findings AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 13, 'reconciliation_late', count(*) FROM spendwatch.reconciliation_late AS kept WHERE kept.user_id = erased.user_id
          UNION ALL
         SELECT 14, 'reconciliation_open_episodes', count(*)
           FROM spendwatch.reconciliation_open_episodes AS kept
          WHERE kept.user_id = erased.user_id
       ) AS counted (place, named, rows)
 ORDER BY place
