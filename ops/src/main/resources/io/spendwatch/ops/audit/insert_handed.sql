-- Promises that the rows $1, which another session has in its {table}, are in this one's too.
INSERT INTO {table}
SELECT row.*
  FROM unnest($1::text[]) AS line
 CROSS JOIN LATERAL jsonb_populate_record(NULL::pg_temp.{table}, line::jsonb) AS row
