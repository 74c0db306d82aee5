-- Promises that rows up to revision $1 are noted as published.
UPDATE spendwatch.sales_metrics
   SET published = $1
 WHERE published < $1
