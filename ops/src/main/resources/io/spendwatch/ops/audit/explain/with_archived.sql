-- Promises the transactions with those that were read from the archive (archived) in the place of the table; of one that is in both, the
-- archived one.
archived AS MATERIALIZED (
  SELECT * FROM json_populate_recordset(NULL::spendwatch.transactions, {rows}::text::json)
), {transactions} AS NOT MATERIALIZED (
  SELECT *
    FROM spendwatch.transactions AS here
   WHERE NOT EXISTS (SELECT FROM archived
                      WHERE archived.user_id = here.user_id
                        AND archived.event_time = here.event_time
                        AND archived.transaction_id = here.transaction_id)
   UNION ALL
  SELECT * FROM archived
)
