-- Who analyses does not see what users are called: accounts_readable has no names any more, and accounts_named, which has them, is for
-- spendwatch_names alone. Of the table accounts the role for analysis reads all columns but username (grant_reading.sql).
-- The names are for the hot path, which answers whoever asks a node for a user, and for people who are made members of spendwatch_names.
DROP VIEW spendwatch.accounts_readable;
CREATE VIEW spendwatch.accounts_readable AS
  SELECT user_id, spendwatch.to_decimal(balance_minor, currency) AS balance, currency, balance_version, as_of, updated_at
    FROM spendwatch.accounts;
COMMENT ON VIEW spendwatch.accounts_readable IS 'the balances in force, as decimals, without names';

CREATE VIEW spendwatch.accounts_named AS
  SELECT user_id, username, spendwatch.to_decimal(balance_minor, currency) AS balance, currency, balance_version, as_of, updated_at
    FROM spendwatch.accounts;
COMMENT ON VIEW spendwatch.accounts_named IS 'likewise, with names: for spendwatch_names';
