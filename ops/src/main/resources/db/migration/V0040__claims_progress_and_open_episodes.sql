-- What the hot path writes with each batch, and what a partition has to read before its first one, do not depend on how much there is
-- or on how old the oldest snapshot is.
--
-- claims says who may write for a partition. It is updated by whoever takes a partition over, and only locked by whoever writes: an audit,
-- a dump or an analyst that holds a snapshot keeps no versions of it, and no write has to go through them.
-- progress says how far a partition is: each write adds a row, the newest one holds. Old ones are deleted in passing, and are in nobody's
-- way while a snapshot keeps them: the newest is found from the end of the key.
-- pipelines shows both as one row for each partition, for whoever reads.
--
-- open_episodes has each RAISED without its CLEARED, written with them: so the first batch of a life does not look for them among all
-- alerts that were ever written.

CREATE TABLE spendwatch.claims (
  kafka_partition integer PRIMARY KEY,
  epoch           bigint      NOT NULL,
  owner           text        NOT NULL,
  claimed_at      timestamptz NOT NULL,
  held_for        integer
);
COMMENT ON TABLE spendwatch.claims IS 'who may write for each partition of the transactions topic';
COMMENT ON COLUMN spendwatch.claims.epoch IS 'grows with each claim: a write under an older one takes no effect';
COMMENT ON COLUMN spendwatch.claims.held_for IS
  'the count for whose coming into force this partition stands still, everything before being durable and published; a claim takes it back';
INSERT INTO spendwatch.claims
SELECT kafka_partition, epoch, owner, claimed_at, held_for
  FROM spendwatch.pipelines;

CREATE TABLE spendwatch.progress (
  kafka_partition     integer NOT NULL,
  epoch               bigint  NOT NULL,
  write_no            bigint  NOT NULL,
  stream_time         timestamptz,
  alert_seq           bigint  NOT NULL,
  published_alert_seq bigint  NOT NULL,
  next_offset         bigint,
  published_offset    bigint,
  written_at          timestamptz,
  accounts_seen_at    timestamptz,
  PRIMARY KEY (kafka_partition, epoch, write_no),
  CONSTRAINT progress_stream_time CHECK (stream_time >= '0001-01-01 00:00:00+00' AND stream_time < '10000-01-01 00:00:00+00'),
  CONSTRAINT progress_written_at CHECK (written_at >= '0001-01-01 00:00:00+00' AND written_at < '10000-01-01 00:00:00+00')
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_insert_threshold = -1);
COMMENT ON TABLE spendwatch.progress IS 'how far each partition is: the newest row of each holds, by epoch and write_no';
COMMENT ON COLUMN spendwatch.progress.write_no IS 'of the writes under that epoch, from 1; 0 and less for what is noted before the first';
COMMENT ON COLUMN spendwatch.progress.stream_time IS 'the highest event time that the partition has seen, or later while it is idle';
COMMENT ON COLUMN spendwatch.progress.alert_seq IS 'highest partition_seq of the alerts written';
COMMENT ON COLUMN spendwatch.progress.published_alert_seq IS
  'highest partition_seq known to be published: a lower bound, the note beside the committed offset leads';
COMMENT ON COLUMN spendwatch.progress.next_offset IS
  'what came of all records before this offset is durable; null until a version that notes it has written';
COMMENT ON COLUMN spendwatch.progress.published_offset IS
  'what came of all records before this offset is durable and published; it follows the group''s committed offset within a moment';
COMMENT ON COLUMN spendwatch.progress.written_at IS 'wall clock of the last write with transactions; null before any';
COMMENT ON COLUMN spendwatch.progress.accounts_seen_at IS
  'versions of accounts recorded before this have been looked at for the partition''s users; null before any';
INSERT INTO spendwatch.progress
SELECT kafka_partition, epoch, 0, CASE WHEN isfinite(stream_time) THEN stream_time END, alert_seq, published_alert_seq, next_offset,
       published_offset, CASE WHEN isfinite(written_at) THEN written_at END, accounts_seen_at
  FROM spendwatch.pipelines;

DROP FUNCTION spendwatch.finish_growth(integer);
DROP FUNCTION spendwatch.partitions_awaited();
DROP TABLE spendwatch.pipelines;

CREATE VIEW spendwatch.pipelines AS
SELECT claim.kafka_partition, claim.epoch, claim.owner, claim.claimed_at, claim.held_for,
       newest.stream_time, coalesce(newest.alert_seq, 0) AS alert_seq, coalesce(newest.published_alert_seq, 0) AS published_alert_seq,
       newest.next_offset, newest.published_offset, newest.written_at, newest.accounts_seen_at,
       newest.epoch AS epoch_of_write, newest.write_no
  FROM spendwatch.claims AS claim
  LEFT JOIN LATERAL (
         SELECT *
           FROM spendwatch.progress
          WHERE kafka_partition = claim.kafka_partition
          ORDER BY epoch DESC, write_no DESC
          LIMIT 1
       ) AS newest ON true;
COMMENT ON VIEW spendwatch.pipelines IS
  'one row per Kafka partition of the transactions topic: who may write for it (claims), and how far its writes are (progress)';

-- As in V0020, on claims.
CREATE FUNCTION spendwatch.partitions_awaited() RETURNS integer[]
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce(array_agg(partition ORDER BY partition), '{}')
          FROM spendwatch.topic_layout AS layout
         CROSS JOIN generate_series(0, layout.partitions - 1) AS partition
          LEFT JOIN spendwatch.claims AS claim ON claim.kafka_partition = partition
         WHERE layout.growing_to IS NOT NULL
           AND CASE WHEN claim.kafka_partition IS NULL THEN layout.marks[partition + 1] > 0
                    ELSE claim.held_for IS DISTINCT FROM layout.growing_to
               END);

CREATE FUNCTION spendwatch.finish_growth(target integer) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  before integer;
BEGIN
  SELECT partitions INTO before FROM spendwatch.topic_layout WHERE growing_to = target FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  -- Nobody writes until this is over: what the statements below see stays so.
  PERFORM FROM spendwatch.claims ORDER BY kafka_partition FOR UPDATE;
  IF spendwatch.partitions_awaited() <> '{}' THEN
    RETURN false;
  END IF;

  INSERT INTO spendwatch.claims (kafka_partition, epoch, owner, claimed_at)
  SELECT partition, 0, '', now() FROM generate_series(0, target - 1) AS partition
      ON CONFLICT DO NOTHING;
  UPDATE spendwatch.claims SET epoch = epoch + 1, held_for = NULL WHERE kafka_partition < target;
  -- Nobody is judged against a smaller stream time than before. Where one count divides the other, the users of a new partition
  -- come from one old one and nobody else moves; else from any to any.
  INSERT INTO spendwatch.progress (
         kafka_partition, epoch, write_no, stream_time, alert_seq, published_alert_seq, next_offset, published_offset, written_at,
         accounts_seen_at)
  SELECT pipeline.kafka_partition, pipeline.epoch, -1, greatest(pipeline.stream_time, origin.stream_time), pipeline.alert_seq,
         pipeline.published_alert_seq, pipeline.next_offset, pipeline.published_offset,
         greatest(pipeline.written_at, origin.written_at), pipeline.accounts_seen_at
    FROM (SELECT partition, max(old.stream_time) AS stream_time, max(old.written_at) AS written_at
            FROM generate_series(0, target - 1) AS partition
            JOIN spendwatch.pipelines AS old
              ON old.kafka_partition < before
             AND (target % before <> 0 OR old.kafka_partition = partition % before)
           GROUP BY partition) AS origin
    JOIN spendwatch.pipelines AS pipeline ON pipeline.kafka_partition = origin.partition;
  UPDATE spendwatch.topic_layout
     SET version = version + 1, partitions = target, former = former || before, growing_to = NULL, marks = NULL;
  RETURN true;
END
$$;
COMMENT ON FUNCTION spendwatch.finish_growth(integer) IS
  'puts a growth in force once every partition stands still for it; by whichever node sees that first';

CREATE TABLE spendwatch.open_episodes (
  user_id         text COLLATE "C" NOT NULL,
  episode_id      text COLLATE "C" NOT NULL,
  raised_at       timestamptz NOT NULL CHECK (isfinite(raised_at)),
  kafka_partition integer     NOT NULL,
  PRIMARY KEY (user_id, episode_id)
);
COMMENT ON TABLE spendwatch.open_episodes IS 'each episode that was RAISED and not CLEARED; written with the alerts';
COMMENT ON COLUMN spendwatch.open_episodes.raised_at IS 'event_time of the RAISED';
COMMENT ON COLUMN spendwatch.open_episodes.kafka_partition IS 'that raised it; its user may have moved to another one since';
INSERT INTO spendwatch.open_episodes (user_id, episode_id, raised_at, kafka_partition)
SELECT user_id, episode_id, min(event_time), min(kafka_partition)
  FROM spendwatch.alerts
 GROUP BY user_id, episode_id
HAVING bool_and(type = 'RAISED') AND isfinite(min(event_time));
CREATE INDEX open_episodes_partition ON spendwatch.open_episodes (kafka_partition, user_id);

-- A user's episode by its id: of whoever has had many, too.
CREATE INDEX alerts_episode ON spendwatch.alerts (user_id, episode_id);
