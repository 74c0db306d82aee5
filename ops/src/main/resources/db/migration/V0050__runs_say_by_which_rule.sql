-- A run of the audit says by which rule, and which version of it, it has judged. Those before this one were by the first
-- version of the one rule there was; null is of a node that is older than the columns, and still at work.
ALTER TABLE spendwatch.reconciliation_runs
  ADD COLUMN rule text,
  ADD COLUMN rule_version integer;
UPDATE spendwatch.reconciliation_runs SET rule = 'exposure-24h', rule_version = 1;
COMMENT ON COLUMN spendwatch.reconciliation_runs.rule IS 'by which it has judged, as alerts have it';
