-- Roll-ups for analysis: what rows of transactions and alerts add up to, kept as they come (record 0029).
--
-- The guarantee, in every snapshot: a roll-up that is built is what follows from all transactions but those that rollup_feed names, and
-- from the alerts of each partition up to rollup_alerts. Whoever writes transactions notes in the same statement where the new ones are;
-- the follower adds them to every roll-up and takes the notes away in one transaction. So a crash loses and doubles nothing, late rows
-- count in the hour that they belong to, a repeat writes no row and no note, and growth of the topic, a topic made anew or offsets that
-- were put back change nothing: no offset says how far the roll-ups are. Nobody who writes waits for the follower.
--
-- Why not by a trigger: it would copy each row once more to know where it is. Why not by offset: there is no index on it that finds the
-- newest rows, and each index costs as much as the row. Rows that somebody adds by hand are in no note: `spendwatch rollups rebuild`.
--
-- Sums are numeric: those of many can be more than 64 bits hold, and one that is too large for its column would end all of it.
-- Sums of users are of each currency by itself. All rows count, whatever their verdict.

CREATE TABLE spendwatch.rollup_feed (
  note_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  written_at       timestamptz NOT NULL,
  kafka_partitions integer[]   NOT NULL,
  relation         oid         NOT NULL,
  first_place      tid         NOT NULL,
  last_place       tid         NOT NULL,
  first_event_time timestamptz NOT NULL,
  last_event_time  timestamptz NOT NULL,
  transactions     bigint      NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_insert_threshold = -1);
COMMENT ON TABLE spendwatch.rollup_feed IS
  'where the transactions are that are in no roll-up yet: a row for each write and table partition, gone once they are';
COMMENT ON COLUMN spendwatch.rollup_feed.written_at IS 'ingested_at of the transactions; with their Kafka partition it names their write';
COMMENT ON COLUMN spendwatch.rollup_feed.relation IS 'the partition of transactions that they went into; it may be merged since';
COMMENT ON COLUMN spendwatch.rollup_feed.first_place IS 'they were put at [first_place, last_place] of it, others between them';

CREATE TABLE spendwatch.rollup_alerts (
  kafka_partition integer PRIMARY KEY,
  alert_seq       bigint NOT NULL
);
COMMENT ON TABLE spendwatch.rollup_alerts IS 'the alerts of a partition up to this number are in the roll-ups';

CREATE TABLE spendwatch.rollups (
  name        text PRIMARY KEY,
  time_column text,
  built       boolean NOT NULL,
  unfinished  boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE spendwatch.rollups IS
  'each roll-up: a table of this name, kept by the file of this name in every node. A node that lacks the file of one keeps none';
COMMENT ON COLUMN spendwatch.rollups.time_column IS
  'by which it can be counted anew in parts: hour, day or the like of event time (UTC); null for a whole';
COMMENT ON COLUMN spendwatch.rollups.built IS 'whether all rows are in it that were there before it; a node sees to it';
COMMENT ON COLUMN spendwatch.rollups.unfinished IS 'whether it has more to do without new rows';

-- The rows that the roll-ups are of, in the snapshot of whoever asks. A write has several notes where its rows went into several table
-- partitions: these are told apart by the event times, which no two of them share.
CREATE VIEW spendwatch.rolled_up_transactions AS
SELECT row.user_id, row.event_time, row.transaction_id, row.kind, row.amount_minor, row.currency, row.merchant,
       row.original_transaction_id, row.exposure_minor, row.balance_minor, row.balance_version, row.verdict, row.kafka_partition,
       row.kafka_offset, row.ingested_at
  FROM spendwatch.transactions AS row
 WHERE NOT EXISTS (SELECT
                     FROM spendwatch.rollup_feed AS note
                    WHERE note.written_at = row.ingested_at
                      AND row.kafka_partition = ANY (note.kafka_partitions)
                      AND row.event_time BETWEEN note.first_event_time AND note.last_event_time);
COMMENT ON VIEW spendwatch.rolled_up_transactions IS 'the transactions that are in the roll-ups';

CREATE VIEW spendwatch.rolled_up_alerts AS
SELECT alert.alert_id, alert.type, alert.late, alert.event_time, alert.user_id, alert.currency, alert.kafka_partition, alert.partition_seq
  FROM spendwatch.alerts AS alert
  JOIN spendwatch.rollup_alerts AS mark
    ON mark.kafka_partition = alert.kafka_partition AND alert.partition_seq <= mark.alert_seq;
COMMENT ON VIEW spendwatch.rolled_up_alerts IS 'the alerts that are in the roll-ups';

-- All of time in parts that each can be counted anew by itself: those of the partitions of transactions, and what lies between them.
-- What has been dropped cannot be counted any more, and stays in the roll-ups as it was: it is in none.
CREATE FUNCTION spendwatch.rollup_parts() RETURNS TABLE (begins timestamptz, ends timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT begins, ends
    FROM (
           SELECT bound AS begins, lead(bound) OVER (ORDER BY bound) AS ends
             FROM (
                    SELECT coalesce((SELECT dropped_before FROM spendwatch.settings), '-infinity') AS bound
                     UNION
                    SELECT 'infinity'
                     UNION
                    SELECT unnest(ARRAY[spendwatch.partition_end(name)
                                          - CASE WHEN length(name) = length('transactions_YYYYMM') THEN interval '1 month'
                                                 ELSE interval '1 day' END,
                                        spendwatch.partition_end(name)])
                      FROM (SELECT relid::regclass::oid AS id FROM pg_partition_tree('spendwatch.transactions') WHERE isleaf) AS leaf
                     CROSS JOIN LATERAL (SELECT relname::text AS name FROM pg_class WHERE oid = leaf.id) AS named
                  ) AS bounds
            WHERE bound IS NOT NULL
         ) AS parts
   WHERE ends IS NOT NULL
     AND begins >= coalesce((SELECT dropped_before FROM spendwatch.settings), '-infinity')
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.rollup_parts() FROM PUBLIC;

-- Whether the installation is new: there is nothing that would have to be counted first.
CREATE FUNCTION spendwatch.add_rollup(name text, time_column text) RETURNS void
  LANGUAGE sql
  SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO spendwatch.rollups (name, time_column, built)
  VALUES (name, time_column,
          NOT EXISTS (SELECT FROM spendwatch.transactions) AND NOT EXISTS (SELECT FROM spendwatch.alerts))
$$;
REVOKE EXECUTE ON FUNCTION spendwatch.add_rollup(text, text) FROM PUBLIC;
COMMENT ON FUNCTION spendwatch.add_rollup(text, text) IS 'for migrations: from now on the table of this name is a roll-up';

CREATE FUNCTION spendwatch.total_to_decimal(minor numeric, currency char(3)) RETURNS numeric
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(minor / power(10::numeric, spendwatch.currency_decimals(currency)), spendwatch.currency_decimals(currency));

CREATE TABLE spendwatch.hourly_spend (
  hour            timestamptz  NOT NULL,
  merchant        varchar(256) NOT NULL,
  currency        char(3)      NOT NULL,
  transactions    bigint       NOT NULL,
  purchases_minor numeric      NOT NULL,
  refunds_minor   numeric      NOT NULL,
  breaches        bigint       NOT NULL,
  PRIMARY KEY (hour, merchant, currency)
) WITH (fillfactor = 80);
COMMENT ON TABLE spendwatch.hourly_spend IS 'roll-up: the transactions of an hour of event time (UTC) by merchant and currency';
COMMENT ON COLUMN spendwatch.hourly_spend.merchant IS 'empty for transactions without one';
COMMENT ON COLUMN spendwatch.hourly_spend.breaches IS 'transactions with the verdict BREACH';
SELECT spendwatch.add_rollup('hourly_spend', 'hour');

CREATE TABLE spendwatch.daily_users (
  day                date        NOT NULL,
  user_id            varchar(64) COLLATE "C" NOT NULL,
  currency           char(3)     NOT NULL,
  transactions       bigint      NOT NULL,
  purchases_minor    numeric     NOT NULL,
  refunds_minor      numeric     NOT NULL,
  exposure_max_minor bigint      NOT NULL,
  excess_max_minor   numeric     NOT NULL,
  PRIMARY KEY (day, user_id, currency)
) WITH (fillfactor = 80);
COMMENT ON TABLE spendwatch.daily_users IS 'roll-up: a user''s transactions of a day of event time (UTC) by currency';
COMMENT ON COLUMN spendwatch.daily_users.exposure_max_minor IS 'the highest exposure of the day''s transactions, each as known at its arrival';
COMMENT ON COLUMN spendwatch.daily_users.excess_max_minor IS 'the most by which one of them exceeded the balance; 0 where none did';
SELECT spendwatch.add_rollup('daily_users', 'day');

CREATE TABLE spendwatch.hourly_alerts (
  hour   timestamptz NOT NULL,
  type   text        NOT NULL,
  late   boolean     NOT NULL,
  alerts bigint      NOT NULL,
  PRIMARY KEY (hour, type, late)
) WITH (fillfactor = 80);
COMMENT ON TABLE spendwatch.hourly_alerts IS 'roll-up: the alerts of an hour of event time (UTC)';
SELECT spendwatch.add_rollup('hourly_alerts', 'hour');

-- The last hour moves on with event time, by whole seconds: as_of is the highest whole second that a transaction in the roll-ups has
-- passed. Counted in it are those with an event time later than as_of - 1 h. What leaves is found in user_risk_leaving, by the second of
-- event time, not among all transactions: one that is out of order would have a whole day read again and again.
CREATE TABLE spendwatch.user_risk (
  user_id         varchar(64) COLLATE "C" NOT NULL,
  currency        char(3)     NOT NULL,
  transactions_1h bigint      NOT NULL,
  total_1h_minor  numeric     NOT NULL,
  max_1h_minor    bigint      NOT NULL,
  exposure_minor  bigint      NOT NULL,
  balance_minor   bigint,
  headroom_minor  numeric GENERATED ALWAYS AS (balance_minor::numeric - exposure_minor) STORED,
  updated_at      timestamptz NOT NULL,
  decided_at      timestamptz NOT NULL,
  kafka_partition integer     NOT NULL,
  kafka_offset    bigint      NOT NULL,
  largest         bigint[]    NOT NULL,
  largest_leave   timestamptz[] NOT NULL,
  PRIMARY KEY (user_id, currency)
) WITH (fillfactor = 70);
COMMENT ON TABLE spendwatch.user_risk IS
  'roll-up: each user''s last hour up to user_risk_clock.as_of, and how the last transaction left the user, by currency';
COMMENT ON COLUMN spendwatch.user_risk.total_1h_minor IS 'purchases less refunds';
COMMENT ON COLUMN spendwatch.user_risk.max_1h_minor IS 'the largest purchase; 0 without one';
COMMENT ON COLUMN spendwatch.user_risk.exposure_minor IS 'as the transaction with the latest event time has it; of several, the one that came last';
COMMENT ON COLUMN spendwatch.user_risk.balance_minor IS 'that it was held against; null without an account';
COMMENT ON COLUMN spendwatch.user_risk.largest IS
  'the purchases of the last hour that no later one is as large as: whichever leaves, the largest of the rest is among them';
COMMENT ON COLUMN spendwatch.user_risk.updated_at IS 'event time of that transaction; decided_at, kafka_partition and kafka_offset are its too';

CREATE TABLE spendwatch.user_risk_leaving (
  second     timestamptz NOT NULL,
  user_ids   text[]      NOT NULL,
  currencies text[]      NOT NULL,
  signed     bigint[]    NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
COMMENT ON TABLE spendwatch.user_risk_leaving IS
  'what user_risk counts in the last hour, by the second of event time (rounded up) at which it leaves it an hour later';
CREATE INDEX user_risk_leaving_second ON spendwatch.user_risk_leaving (second);

CREATE TABLE spendwatch.user_risk_clock (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  as_of    timestamptz NOT NULL,
  target   timestamptz NOT NULL
);
COMMENT ON TABLE spendwatch.user_risk_clock IS 'the moment of event time that user_risk is of';
COMMENT ON COLUMN spendwatch.user_risk_clock.target IS 'to which as_of moves on: later only while much has to leave on the way';
INSERT INTO spendwatch.user_risk_clock (as_of, target) VALUES ('-infinity', '-infinity');
SELECT spendwatch.add_rollup('user_risk', NULL);
