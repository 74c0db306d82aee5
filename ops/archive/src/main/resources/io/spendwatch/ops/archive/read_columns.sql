-- Promises the columns of the relation $1 that whoever asks may read, in order and with commas between them; null for none.
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
  FROM pg_attribute
 WHERE attrelid = ?::text::regclass
   AND attnum > 0
   AND NOT attisdropped
   AND has_column_privilege(attrelid, attnum, 'SELECT')
