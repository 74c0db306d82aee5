-- Promises the turn to $1 for $2 milliseconds, if it has it or nobody has; no row where another has it. Touches one row.
UPDATE spendwatch.sales_metrics
   SET holder = $1,
       held_until = clock_timestamp() + $2 * interval '1 ms'
 WHERE holder = $1 OR held_until IS NULL OR held_until <= clock_timestamp()
RETURNING holder
