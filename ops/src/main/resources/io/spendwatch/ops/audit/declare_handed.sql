-- Promises cursor handed over the rows of the session's {table}, each as text, as insert_handed takes them.
DECLARE handed NO SCROLL CURSOR FOR
SELECT to_jsonb(row)::text
  FROM (SELECT * FROM pg_temp.{table}{condition}) AS row
