-- A run of what is new holds a user's first new row against the last one before it, whose exposure an earlier run has judged, instead of
-- against all rows of the window. That tells nothing where something had arrived late in between, which the row before does not count.
--
-- The guarantee of reconciliation_late: of every row below reconciliation_positions.next_offset, and from late_from on, that arrived after
-- a row of the same user with a later event time, the user is here, with the last such arrival in the partition, for 48 hours of event
-- time at least. What was judged before this migration has not been looked at for that: late_from leaves it out.
CREATE TABLE spendwatch.reconciliation_late (
  user_id         text COLLATE "C",
  kafka_partition integer,
  kafka_offset    bigint      NOT NULL,
  event_time      timestamptz NOT NULL,
  PRIMARY KEY (user_id, kafka_partition)
);
COMMENT ON TABLE spendwatch.reconciliation_late IS 'users of whom a transaction came late, as the audit has seen it';
COMMENT ON COLUMN spendwatch.reconciliation_late.kafka_offset IS 'of the last late one';
COMMENT ON COLUMN spendwatch.reconciliation_late.event_time IS 'the latest of the late ones';

ALTER TABLE spendwatch.reconciliation_positions ADD COLUMN late_from bigint NOT NULL DEFAULT 0;
UPDATE spendwatch.reconciliation_positions SET late_from = next_offset;
COMMENT ON COLUMN spendwatch.reconciliation_positions.late_from IS 'from which offset on late arrivals are in reconciliation_late';
