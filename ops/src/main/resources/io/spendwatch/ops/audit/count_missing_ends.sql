-- Promises how many ends of episodes run $1 misses.
SELECT count(*)
  FROM spendwatch.reconciliation_findings
 WHERE run_id = $1
   AND kind = 'MISSING_CLEARED'
