-- What is read: which topic each partition is one of, how far its records are durable, and which of them are lost.
--
-- The guarantee: records that are gone before they were read (retention, a topic made anew, a log cut back) are noted here before
-- reading goes on, each offset once, whichever node notices. A committed offset is never beyond pipelines.next_offset, so a database
-- that was put back to an older point is seen by that.

ALTER TABLE spendwatch.pipelines ADD COLUMN next_offset bigint;
ALTER TABLE spendwatch.pipelines ADD COLUMN published_offset bigint;
COMMENT ON COLUMN spendwatch.pipelines.next_offset IS
  'what came of all records before this offset is durable; null until a version that notes it has written';
COMMENT ON COLUMN spendwatch.pipelines.published_offset IS
  'what came of all records before this offset is durable and published; it follows the group''s committed offset within a moment';

CREATE TABLE spendwatch.sources (
  topic           text    NOT NULL,
  kafka_partition integer NOT NULL,
  topic_id        text    NOT NULL,
  adopted_under   bigint,
  PRIMARY KEY (topic, kafka_partition)
);
COMMENT ON TABLE spendwatch.sources IS
  'which topic a partition was last read as: one that is deleted and made anew has another id, and its offsets begin again';
COMMENT ON COLUMN spendwatch.sources.adopted_under IS 'the epoch of the pipeline that noted it; null for a topic without epochs';

CREATE TABLE spendwatch.lost_records (
  topic           text        NOT NULL,
  topic_id        text        NOT NULL,
  kafka_partition integer     NOT NULL,
  from_offset     bigint      NOT NULL,
  to_offset       bigint      CHECK (to_offset > from_offset),
  reason          text        NOT NULL CHECK (reason IN ('EXPIRED', 'TOPIC_REPLACED', 'LOG_TRUNCATED', 'SKIPPED')),
  noticed_by      text        NOT NULL,
  noticed_at      timestamptz NOT NULL,
  acknowledged_at timestamptz,
  PRIMARY KEY (topic, topic_id, kafka_partition, from_offset)
);
COMMENT ON TABLE spendwatch.lost_records IS
  'offsets [from_offset, to_offset) whose records were gone before they were read; open until somebody sets acknowledged_at';
COMMENT ON COLUMN spendwatch.lost_records.topic_id IS 'of the topic that they were in; another one may have its name by now';
COMMENT ON COLUMN spendwatch.lost_records.to_offset IS 'null where nobody knows how far that topic reached';
