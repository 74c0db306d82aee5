-- Promises that up to $1 rows of minutes whose transactions have been dropped are gone. Reads the first entries of the key.
DELETE FROM spendwatch.minute_sales
 WHERE ctid = ANY (ARRAY(SELECT ctid
                           FROM spendwatch.minute_sales
                          WHERE minute < (SELECT dropped_before FROM spendwatch.settings)
                          LIMIT $1))
