-- Promises for how long the row has waited that was changed first of those that are not published, in milliseconds; 0 without any.
SELECT coalesce(extract(epoch FROM clock_timestamp() - (SELECT counted_at
                                                          FROM spendwatch.minute_sales
                                                         WHERE revision > (SELECT published FROM spendwatch.sales_metrics)
                                                         ORDER BY revision
                                                         LIMIT 1)) * 1000, 0)::float8 AS waiting_ms
