-- The ledger: accounts, the transactions with what was decided for each, and the alerts.
--
-- Who relies on what:
--   * A transaction's row, its verdict and its alert are written by one statement (write_ledger.sql), so none is ever there
--     without the others.
--   * The primary key of transactions makes a redelivered record find its row; the first verdict stays.
--   * pipelines.epoch fences: each statement of the hot path names the epoch it works under and writes nothing when a later
--     incarnation of the partition's pipeline has claimed it.
-- Money is in minor units of the row's currency; the views of V0004 show it as decimals.

CREATE TABLE spendwatch.accounts (
  user_id         text COLLATE "C" PRIMARY KEY,
  username        text,
  currency        char(3)     NOT NULL,
  balance_minor   bigint      NOT NULL,
  balance_version bigint      NOT NULL DEFAULT 1,
  as_of           timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE spendwatch.accounts IS 'the balances in force; any writer may change them, and the change is pushed (V0002)';
COMMENT ON COLUMN spendwatch.accounts.balance_minor IS 'minor units of currency; negative for an overdraft';
COMMENT ON COLUMN spendwatch.accounts.balance_version IS 'grows with every change of balance or currency; kept by a trigger';

-- Range-partitioned by event time (V0003). One index on the hot path: each further one costs about as much as the row itself.
-- The key begins with user_id, so that a distributed engine can place the table by it.
-- The lengths are the contract's. They also keep a row below the size from which each partition would have a table for
-- oversized values with an index of its own, which makes a third of the cost of a new partition.
CREATE TABLE spendwatch.transactions (
  user_id                 varchar(64) COLLATE "C" NOT NULL,
  event_time              timestamptz  NOT NULL,
  transaction_id          varchar(64) COLLATE "C" NOT NULL,
  kind                    varchar(8)   NOT NULL,
  amount_minor            bigint       NOT NULL,
  currency                char(3)      NOT NULL,
  merchant                varchar(256),
  original_transaction_id varchar(64),
  exposure_minor          bigint       NOT NULL,
  balance_minor           bigint,
  balance_version         bigint,
  verdict                 varchar(10)  NOT NULL,
  kafka_partition         integer      NOT NULL,
  kafka_offset            bigint       NOT NULL,
  ingested_at             timestamptz  NOT NULL,
  PRIMARY KEY (user_id, event_time, transaction_id)
) PARTITION BY RANGE (event_time);
-- Rows arrive roughly in the order of their event time: a few pages describe a day.
CREATE INDEX transactions_event_time_brin ON spendwatch.transactions USING brin (event_time);

COMMENT ON TABLE spendwatch.transactions IS 'every accepted transaction, once, with what was decided for it at its arrival';
COMMENT ON COLUMN spendwatch.transactions.kind IS 'PURCHASE or REFUND';
COMMENT ON COLUMN spendwatch.transactions.amount_minor IS 'positive; a refund subtracts it';
COMMENT ON COLUMN spendwatch.transactions.exposure_minor IS 'purchases less refunds over (event_time - 24 h, event_time], as known at its arrival';
COMMENT ON COLUMN spendwatch.transactions.balance_minor IS 'what the exposure was held against; null without an account';
COMMENT ON COLUMN spendwatch.transactions.verdict IS 'CLEAR, BREACH (exposure > balance), NO_ACCOUNT or TOO_LATE';

CREATE TABLE spendwatch.alerts (
  alert_id        text COLLATE "C" PRIMARY KEY,
  type            text        NOT NULL,
  rule            text        NOT NULL,
  episode_id      text COLLATE "C" NOT NULL,
  user_id         text COLLATE "C" NOT NULL,
  transaction_id  text COLLATE "C",
  exposure_minor  bigint      NOT NULL,
  balance_minor   bigint      NOT NULL,
  currency        char(3)     NOT NULL,
  transactions    integer     NOT NULL,
  window_start    timestamptz NOT NULL,
  event_time      timestamptz NOT NULL,
  detected_at     timestamptz NOT NULL,
  late            boolean     NOT NULL,
  cause           text,
  kafka_topic     text        NOT NULL,
  kafka_partition integer     NOT NULL,
  kafka_offset    bigint      NOT NULL,
  -- Position in the partition's sequence of alerts, from 1: what has been published is a prefix of it.
  partition_seq   bigint      NOT NULL,
  UNIQUE (kafka_partition, partition_seq)
);
COMMENT ON TABLE spendwatch.alerts IS 'one row per record of the alerts topic, written before the record';
COMMENT ON COLUMN spendwatch.alerts.type IS 'RAISED at the start of an episode, CLEARED at its end';
COMMENT ON COLUMN spendwatch.alerts.cause IS 'of a CLEARED: EXPIRY, REFUND or BALANCE';
CREATE INDEX alerts_user ON spendwatch.alerts (user_id, event_time);

CREATE TABLE spendwatch.pipelines (
  kafka_partition integer PRIMARY KEY,
  epoch           bigint      NOT NULL,
  owner           text        NOT NULL,
  claimed_at      timestamptz NOT NULL,
  stream_time     timestamptz,
  -- Highest partition_seq written; and highest known to be published (a lower bound: the Kafka offset metadata leads).
  alert_seq           bigint  NOT NULL DEFAULT 0,
  published_alert_seq bigint  NOT NULL DEFAULT 0
);
COMMENT ON TABLE spendwatch.pipelines IS 'one row per Kafka partition of the transactions topic: who may write for it, and how far its writes are';
