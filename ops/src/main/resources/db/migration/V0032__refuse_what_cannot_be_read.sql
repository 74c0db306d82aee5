-- Values that our code cannot work with do not come into the tables.
--
-- The guarantee, against every writer from now on: times that are read are finite and lie in the years 1 to 9999, currencies have the
-- form of a code, ids and names the lengths of the contract, amounts are positive. A row without that was a row that no node could read;
-- nodes name such a row in log and status and leave its user out (UnreadableRows), for the rows that were there before.
-- All constraints are NOT VALID: what is there already stays, unseen by them, until it is next written. So nothing is scanned, and nobody's
-- upgrade fails for an old row. What an operator may run, one after the other, once status names no such row:
--   ALTER TABLE spendwatch.accounts VALIDATE CONSTRAINT accounts_as_of;
-- Not constrained: whether a code is a currency, which is a table in protocol that grows; how times of transactions lie, which are in a
-- partition's day.

ALTER TABLE spendwatch.accounts
  ADD CONSTRAINT accounts_user_id CHECK (char_length(user_id) BETWEEN 1 AND 64) NOT VALID,
  ADD CONSTRAINT accounts_username CHECK (char_length(username) <= 256) NOT VALID,
  ADD CONSTRAINT accounts_currency CHECK (currency ~ '^[A-Z]{3}$') NOT VALID,
  ADD CONSTRAINT accounts_as_of CHECK (as_of >= '0001-01-01 00:00:00+00' AND as_of < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE spendwatch.account_versions
  ADD CONSTRAINT account_versions_currency CHECK (currency ~ '^[A-Z]{3}$') NOT VALID,
  ADD CONSTRAINT account_versions_as_of CHECK (as_of >= '0001-01-01 00:00:00+00' AND as_of < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE spendwatch.alerts
  ADD CONSTRAINT alerts_type CHECK (type IN ('RAISED', 'CLEARED')) NOT VALID,
  ADD CONSTRAINT alerts_currency CHECK (currency ~ '^[A-Z]{3}$') NOT VALID,
  ADD CONSTRAINT alerts_event_time CHECK (event_time >= '0001-01-01 00:00:00+00' AND event_time < '10000-01-01 00:00:00+00') NOT VALID,
  ADD CONSTRAINT alerts_detected_at CHECK (detected_at >= '0001-01-01 00:00:00+00' AND detected_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE spendwatch.pipelines
  ADD CONSTRAINT pipelines_stream_time CHECK (stream_time >= '0001-01-01 00:00:00+00' AND stream_time < '10000-01-01 00:00:00+00') NOT VALID,
  ADD CONSTRAINT pipelines_written_at CHECK (written_at >= '0001-01-01 00:00:00+00' AND written_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE spendwatch.nodes
  ADD CONSTRAINT nodes_contact_point CHECK (host <> '' AND management_port BETWEEN 1 AND 65535) NOT VALID,
  ADD CONSTRAINT nodes_renewed_at CHECK (isfinite(renewed_at)) NOT VALID;
ALTER TABLE spendwatch.cluster_leases
  ADD CONSTRAINT cluster_leases_granted_at CHECK (isfinite(granted_at)) NOT VALID;

-- The least number has no opposite: a refund of it made every sum that it is in fail. Partitions that are detached for the moment get
-- it too, or they could not be attached again.
ALTER TABLE spendwatch.transactions
  ADD CONSTRAINT transactions_amount CHECK (amount_minor > 0) NOT VALID;
DO $$
DECLARE
  detached regclass;
BEGIN
  FOR detached IN
    SELECT oid FROM pg_class
     WHERE relnamespace = 'spendwatch'::regnamespace AND relkind = 'r'
       AND spendwatch.partition_end(relname::text) IS NOT NULL
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = pg_class.oid AND conname = 'transactions_amount')
  LOOP
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT transactions_amount CHECK (amount_minor > 0) NOT VALID', detached);
  END LOOP;
END
$$;
