-- For the windows in memory that are to be compared. It is gone at the end of the transaction.
CREATE TEMPORARY TABLE shown (
  kafka_partition integer,
  user_id         text COLLATE "C",
  currency        char(3),
  at_time         timestamptz,
  exposure_minor  bigint,
  entries         integer,
  last_offset     bigint,
  balance_version bigint,
  episode_id      text
) ON COMMIT DROP;
