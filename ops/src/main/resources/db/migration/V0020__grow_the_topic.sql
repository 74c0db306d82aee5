-- How many partitions of the transactions topic are in force: by that each user has one home, whatever Kafka has by now.
--
-- The guarantee, against any number of nodes and commands: two lives that may write at the same time never work under different layouts.
-- Whoever claims a partition reads the layout under a lock that whoever changes it must have alone, and the change raises every epoch:
-- a life either began after the change, or can write nothing any more.
--
-- A growth, from 4 partitions to 8:
--   1. Kafka has 8. The row says growing_to 8 and, for each of the 4, the offset (mark) up to which 4 holds in any case.
--   2. Each of the 4 judges on up to its mark and stands still: pipelines.held_for = 8. The new ones wait.
--   3. All 4 stand still: finish_growth makes 8 the count in force.
-- Records of users who have moved, that producers with old metadata still write to the former home, are passed on to the new one:
-- hence former.

CREATE TABLE spendwatch.topic_layout (
  only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version    bigint    NOT NULL DEFAULT 1,
  partitions integer   NOT NULL CHECK (partitions > 0),
  former     integer[] NOT NULL DEFAULT '{}',
  announced  integer   NOT NULL DEFAULT 0,
  growing_to integer CHECK (growing_to > partitions),
  marks      bigint[] CHECK (cardinality(marks) = partitions),
  CHECK ((growing_to IS NULL) = (marks IS NULL))
);
COMMENT ON TABLE spendwatch.topic_layout IS 'one row, made by the first claim: by how many partitions of the transactions topic users have their homes';
COMMENT ON COLUMN spendwatch.topic_layout.version IS 'grows with every change';
COMMENT ON COLUMN spendwatch.topic_layout.former IS 'the counts that were in force before, oldest first';
COMMENT ON COLUMN spendwatch.topic_layout.announced IS 'the highest count that the command migrate has asked for: more in Kafka were added without it';
COMMENT ON COLUMN spendwatch.topic_layout.growing_to IS 'the count that will be in force; null while there is no growth under way';
COMMENT ON COLUMN spendwatch.topic_layout.marks IS 'for each partition in force, from 0: where it ended when the growth began';

ALTER TABLE spendwatch.pipelines ADD COLUMN held_for integer;
COMMENT ON COLUMN spendwatch.pipelines.held_for IS
  'the count for whose coming into force this partition stands still, everything before being durable and published; a claim takes it back';

-- The partitions that a growth under way still waits for. One that nobody has ever claimed, and that held nothing when the growth
-- began, is not among them: nothing was judged there. So a topic that no node has read yet grows at once.
CREATE FUNCTION spendwatch.partitions_awaited() RETURNS integer[]
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce(array_agg(partition ORDER BY partition), '{}')
          FROM spendwatch.topic_layout AS layout
         CROSS JOIN generate_series(0, layout.partitions - 1) AS partition
          LEFT JOIN spendwatch.pipelines AS pipeline ON pipeline.kafka_partition = partition
         WHERE layout.growing_to IS NOT NULL
           AND CASE WHEN pipeline.kafka_partition IS NULL THEN layout.marks[partition + 1] > 0
                    ELSE pipeline.held_for IS DISTINCT FROM layout.growing_to
               END);

-- Puts the count in force, once no partition is awaited. False while one is, or where there is no such growth.
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
  PERFORM FROM spendwatch.pipelines ORDER BY kafka_partition FOR UPDATE;
  IF spendwatch.partitions_awaited() <> '{}' THEN
    RETURN false;
  END IF;

  INSERT INTO spendwatch.pipelines (kafka_partition, epoch, owner, claimed_at)
  SELECT partition, 0, '', now() FROM generate_series(0, target - 1) AS partition
      ON CONFLICT DO NOTHING;
  -- Nobody is judged against a smaller stream time than before. Where one count divides the other, the users of a new partition
  -- come from one old one and nobody else moves; else from any to any.
  UPDATE spendwatch.pipelines AS pipeline
     SET epoch = pipeline.epoch + 1,
         held_for = NULL,
         stream_time = greatest(pipeline.stream_time, origin.stream_time),
         written_at = greatest(pipeline.written_at, origin.written_at)
    FROM (SELECT partition, max(old.stream_time) AS stream_time, max(old.written_at) AS written_at
            FROM generate_series(0, target - 1) AS partition
            JOIN spendwatch.pipelines AS old
              ON old.kafka_partition < before
             AND (target % before <> 0 OR old.kafka_partition = partition % before)
           GROUP BY partition) AS origin
   WHERE pipeline.kafka_partition = origin.partition;
  UPDATE spendwatch.topic_layout
     SET version = version + 1, partitions = target, former = former || before, growing_to = NULL, marks = NULL;
  RETURN true;
END
$$;
COMMENT ON FUNCTION spendwatch.finish_growth(integer) IS
  'puts a growth in force once every partition stands still for it; by whichever node sees that first';
