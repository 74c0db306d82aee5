-- What was decided before V0014 held each transaction against the balance that was known when it arrived: the audit must not ask of it
-- what the rule says since.
ALTER TABLE spendwatch.settings ADD COLUMN balances_in_time_since timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN spendwatch.settings.balances_in_time_since IS
  'of rows and alerts from before, the audit asks no more than that they name a balance that there was';
