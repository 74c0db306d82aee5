-- Promises the $1 rows, at most, that were changed first of those that are not published as they are. Reads that many entries of an index.
SELECT minute, merchant, currency, purchases, purchases_minor::text AS purchases_minor, refunds, refunds_minor::text AS refunds_minor,
       revision, counted_at
  FROM spendwatch.minute_sales
 WHERE revision > (SELECT published FROM spendwatch.sales_metrics)
 ORDER BY revision
 LIMIT $1
