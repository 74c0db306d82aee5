-- The ledger: accounts, the transactions with what was decided for each, and the alerts.
--
-- Who relies on what:
--   * A transaction's row, its verdict and its alert are written by one statement (write_ledger.sql), so none is ever there
--     without the others.
--   * The primary key of transactions makes a redelivered record find its row; the first verdict stays.
--   * pipelines.epoch fences: each statement of the hot path names the epoch it works under and writes nothing when a later
--     incarnation of the partition's pipeline has claimed it.
-- Every object is in the schema that Flyway is told (default spendwatch).

CREATE TABLE accounts (
  user_id         text COLLATE "C" PRIMARY KEY,
  username        text,
  currency        char(3)     NOT NULL,
  balance_minor   bigint      NOT NULL,
  balance_version bigint      NOT NULL DEFAULT 1,
  as_of           timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN accounts.balance_minor IS 'minor units of currency; negative for an overdraft';
COMMENT ON COLUMN accounts.balance_version IS 'grows with every change of balance or currency; kept by a trigger';

-- Range-partitioned by event time. One index on the hot path: each further one costs about as much as the row itself.
-- The key begins with user_id, so that a distributed engine can place the table by it.
CREATE TABLE transactions (
  user_id                 text COLLATE "C" NOT NULL,
  event_time              timestamptz NOT NULL,
  transaction_id          text COLLATE "C" NOT NULL,
  kind                    text        NOT NULL,
  amount_minor            bigint      NOT NULL,
  currency                char(3)     NOT NULL,
  merchant                text,
  original_transaction_id text,
  exposure_minor          bigint      NOT NULL,
  balance_minor           bigint,
  balance_version         bigint,
  verdict                 text        NOT NULL,
  kafka_partition         integer     NOT NULL,
  kafka_offset            bigint      NOT NULL,
  ingested_at             timestamptz NOT NULL,
  PRIMARY KEY (user_id, event_time, transaction_id)
) PARTITION BY RANGE (event_time);
CREATE INDEX transactions_event_time_brin ON transactions USING brin (event_time);

CREATE TABLE alerts (
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
CREATE INDEX alerts_user ON alerts (user_id, event_time);

-- One row per Kafka partition of the transactions topic: who may write for it, and how far its writes are.
CREATE TABLE pipelines (
  kafka_partition integer PRIMARY KEY,
  epoch           bigint      NOT NULL,
  owner           text        NOT NULL,
  claimed_at      timestamptz NOT NULL,
  stream_time     timestamptz,
  -- Highest partition_seq written; and highest known to be published (a lower bound: the Kafka offset metadata leads).
  alert_seq           bigint  NOT NULL DEFAULT 0,
  published_alert_seq bigint  NOT NULL DEFAULT 0
);
