-- Promises that each account of the batch is at least as new as its record: an older as_of changes nothing, nor does one that
-- says what is stored. Users are distinct within the batch, and locked in one order.
INSERT INTO spendwatch.accounts AS account (user_id, username, currency, balance_minor, as_of, updated_at)
SELECT record.user_id, record.username, record.currency, record.balance_minor, record.as_of, now()
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
       AS record (user_id, username, currency, balance_minor, as_of)
 ORDER BY record.user_id COLLATE "C"
    ON CONFLICT (user_id) DO UPDATE
   SET username = coalesce(excluded.username, account.username),
       currency = excluded.currency,
       balance_minor = excluded.balance_minor,
       as_of = excluded.as_of,
       updated_at = excluded.updated_at
 WHERE excluded.as_of >= account.as_of
   AND (coalesce(excluded.username, account.username), excluded.currency, excluded.balance_minor, excluded.as_of)
       IS DISTINCT FROM (account.username, account.currency, account.balance_minor, account.as_of)
