-- Promises table found, for what is different. It is the session's.
CREATE TEMPORARY TABLE found (
  kind            text NOT NULL,
  user_id         text,
  transaction_id  text,
  alert_id        text,
  kafka_partition integer,
  kafka_offset    bigint,
  event_time      timestamptz,
  expected        text,
  actual          text,
  detail          text NOT NULL,
  reproduce       text NOT NULL
)
