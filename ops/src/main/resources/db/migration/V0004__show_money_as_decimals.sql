-- For people and reports: the tables of the ledger with money as decimals. The tables keep 64-bit minor units, which are exact
-- and cheap; nothing of Spendwatch itself reads these views.

-- How many decimals a currency has: ISO 4217's, as the JDK has them (retired currencies too), since that is what reads the
-- amounts. A currency that is not named has two.
CREATE FUNCTION spendwatch.currency_decimals(currency char(3)) RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN currency IN ('ADP', 'BEF', 'BIF', 'BYB', 'BYR', 'CLP', 'DJF', 'ESP', 'GNF', 'GRD', 'ISK', 'ITL', 'JPY', 'KMF', 'KRW',
                    'LUF', 'MGF', 'PTE', 'PYG', 'ROL', 'RWF', 'TPE', 'TRL', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')
    THEN 0
  WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
  WHEN currency = 'CLF' THEN 4
  ELSE 2
END;

CREATE FUNCTION spendwatch.to_decimal(minor bigint, currency char(3)) RETURNS numeric
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(minor::numeric / power(10::numeric, spendwatch.currency_decimals(currency)), spendwatch.currency_decimals(currency));

CREATE VIEW spendwatch.accounts_readable AS
  SELECT user_id, username, spendwatch.to_decimal(balance_minor, currency) AS balance, currency, balance_version, as_of, updated_at
    FROM spendwatch.accounts;

CREATE VIEW spendwatch.transactions_readable AS
  SELECT user_id, event_time, transaction_id, kind, spendwatch.to_decimal(amount_minor, currency) AS amount, currency, merchant,
         original_transaction_id, spendwatch.to_decimal(exposure_minor, currency) AS exposure,
         spendwatch.to_decimal(balance_minor, currency) AS balance,
         spendwatch.to_decimal(balance_minor, currency) - spendwatch.to_decimal(exposure_minor, currency) AS headroom,
         verdict, ingested_at
    FROM spendwatch.transactions;

CREATE VIEW spendwatch.alerts_readable AS
  SELECT detected_at, type, user_id, spendwatch.to_decimal(exposure_minor, currency) AS exposure,
         spendwatch.to_decimal(balance_minor, currency) AS balance,
         spendwatch.to_decimal(exposure_minor, currency) - spendwatch.to_decimal(balance_minor, currency) AS excess,
         currency, transactions, window_start, event_time, late, cause, transaction_id, episode_id, alert_id
    FROM spendwatch.alerts;
COMMENT ON VIEW spendwatch.transactions_readable IS 'ask with a range of event_time: without one, every partition is read';
