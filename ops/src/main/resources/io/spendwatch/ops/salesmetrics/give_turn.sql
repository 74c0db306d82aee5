-- Promises that $1 has the turn no longer.
UPDATE spendwatch.sales_metrics
   SET holder = NULL, held_until = NULL
 WHERE holder = $1
