-- Promises that these windows are in table shown.
INSERT INTO shown
SELECT *
  FROM unnest($1::integer[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::integer[], $7::bigint[], $8::bigint[], $9::text[])
