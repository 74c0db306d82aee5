-- What goes to the topic of sales metrics (record 0043): a roll-up by the minute, and how far it is published.
--
-- The guarantee: a row of minute_sales is what the transactions of its minute, merchant and currency add up to, as every roll-up is. Each
-- change gives the row a revision that is greater than any before it; steps of the follower come one after the other, so whoever sees a
-- revision sees all that are less. Rows up to sales_metrics.published are in the topic, in this revision or a later one. So nobody has to
-- note what is still to be published, and after a crash anywhere some of it is published again at most: each record replaces those before
-- it. holder and held_until only keep nodes out of each other's way: that an older record never follows a newer one is Kafka's to see to.
--
-- Why not from the hot path: it knows no sums. Why not a row for each record that is to go: a third write for each change.
--
-- It is not a roll-up, and costs nothing, until a node is set to publish: begin_sales_metrics makes it one and has what is there counted.
-- An operator ends it with SELECT spendwatch.end_sales_metrics(). Rows go with the partitions of transactions that they are of: at most
-- there is one for each transaction.

CREATE TABLE spendwatch.minute_sales (
  minute          timestamptz  NOT NULL,
  merchant        varchar(256) NOT NULL,
  currency        char(3)      NOT NULL,
  purchases       bigint       NOT NULL,
  purchases_minor numeric      NOT NULL,
  refunds         bigint       NOT NULL,
  refunds_minor   numeric      NOT NULL,
  revision        bigint       NOT NULL,
  counted_at      timestamptz  NOT NULL,
  PRIMARY KEY (minute, merchant, currency)
) WITH (fillfactor = 80);
COMMENT ON TABLE spendwatch.minute_sales IS 'roll-up: purchases and refunds of a minute of event time (UTC) by merchant and currency';
COMMENT ON COLUMN spendwatch.minute_sales.merchant IS 'empty for transactions without one';
COMMENT ON COLUMN spendwatch.minute_sales.revision IS 'greater than each that was given before; some microseconds since 1970';
CREATE INDEX minute_sales_revision ON spendwatch.minute_sales (revision);

CREATE TABLE spendwatch.sales_metrics (
  only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  published  bigint NOT NULL DEFAULT 0,
  holder     text,
  held_until timestamptz
);
COMMENT ON TABLE spendwatch.sales_metrics IS 'how far the topic of sales metrics is, and which node is at it';
COMMENT ON COLUMN spendwatch.sales_metrics.published IS 'rows of minute_sales up to this revision are in the topic';
INSERT INTO spendwatch.sales_metrics DEFAULT VALUES;

CREATE FUNCTION spendwatch.begin_sales_metrics() RETURNS void
  LANGUAGE sql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO spendwatch.rollups (name, time_column, built)
  VALUES ('minute_sales', 'minute', false)
      ON CONFLICT (name) DO NOTHING
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.begin_sales_metrics() FROM PUBLIC;
COMMENT ON FUNCTION spendwatch.begin_sales_metrics() IS 'from now on minute_sales is a roll-up; what is there is counted by the next look';

CREATE FUNCTION spendwatch.end_sales_metrics() RETURNS void
  LANGUAGE sql
  SET search_path = pg_catalog, pg_temp
AS $$
  DELETE FROM spendwatch.rollups WHERE name = 'minute_sales';
  DELETE FROM spendwatch.minute_sales
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.end_sales_metrics() FROM PUBLIC;
COMMENT ON FUNCTION spendwatch.end_sales_metrics() IS
  'from now on minute_sales is no roll-up, and empty; a node that is still set to publish begins it again';
