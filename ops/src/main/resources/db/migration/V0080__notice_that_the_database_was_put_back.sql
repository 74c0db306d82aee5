-- A database that was put back to an older point than the group's offsets is noticed, also by nodes that run meanwhile, and nothing of
-- what lies between is passed over or published twice.
--
-- Of transactions, progress says how far the tables are, since V0025. Here is what was missing:
-- balances_progress says the same of balances. Each batch adds a row, as in progress: no row is updated, and the newest is found from the
-- end of the key. By the topic's id, since offsets of a topic that is made anew begin again.
-- rewinds says what nodes have noticed. Of transactions it is read again when somebody asks for it (spendwatch rewind), of balances at
-- once, for a version that is known already changes nothing.
-- seen_alerts has the alerts that subscribers have and these tables did not: judged again, they are written and not published again.

CREATE TABLE spendwatch.balances_progress (
  topic_id        text    NOT NULL,
  kafka_partition integer NOT NULL,
  next_offset     bigint  NOT NULL,
  PRIMARY KEY (topic_id, kafka_partition, next_offset)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1);
COMMENT ON TABLE spendwatch.balances_progress IS
  'all balances before the highest next_offset of a partition are versions of their accounts; older rows are deleted in passing';

CREATE TABLE spendwatch.rewinds (
  topic           text        NOT NULL,
  topic_id        text        NOT NULL,
  kafka_partition integer     NOT NULL,
  from_offset     bigint      NOT NULL,
  to_offset       bigint      NOT NULL CHECK (to_offset > from_offset),
  noticed_by      text        NOT NULL,
  noticed_at      timestamptz NOT NULL,
  asked_by        text,
  asked_at        timestamptz,
  PRIMARY KEY (topic, topic_id, kafka_partition, from_offset, to_offset)
);
COMMENT ON TABLE spendwatch.rewinds IS
  'offsets [from_offset, to_offset) that the group had committed and the tables did not know; read again once asked_at is set';

CREATE TABLE spendwatch.seen_alerts (
  kafka_partition integer NOT NULL,
  alert_id        text COLLATE "C" NOT NULL,
  PRIMARY KEY (kafka_partition, alert_id)
);
COMMENT ON TABLE spendwatch.seen_alerts IS
  'alerts that were published before the database was put back to a point at which it did not know that: not published again';
