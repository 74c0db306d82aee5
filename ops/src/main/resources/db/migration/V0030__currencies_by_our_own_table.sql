-- The decimals of each currency: those of the table in protocol's Currencies, which reads the amounts on whatever JDK runs. It has one
-- code that V0004's list, which was a JDK's, lacked: UYW. A test holds the two against each other, code by code.
-- Codes that ISO 4217 has withdrawn stay. A currency that is not named has two.
CREATE OR REPLACE FUNCTION spendwatch.currency_decimals(currency char(3)) RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN currency IN ('ADP', 'BEF', 'BIF', 'BYB', 'BYR', 'CLP', 'DJF', 'ESP', 'GNF', 'GRD', 'ISK', 'ITL', 'JPY', 'KMF', 'KRW',
                    'LUF', 'MGF', 'PTE', 'PYG', 'ROL', 'RWF', 'TPE', 'TRL', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')
    THEN 0
  WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
  WHEN currency IN ('CLF', 'UYW') THEN 4
  ELSE 2
END;
