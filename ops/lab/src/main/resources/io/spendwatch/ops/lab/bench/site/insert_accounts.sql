-- Promises an account for each of these users, who have none.
INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of)
SELECT * FROM unnest(?::text[], ?::text[], ?::bigint[], ?::timestamptz[])
