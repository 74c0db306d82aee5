-- Rounds of the archive: who is at one, and what became of each of its steps (record 0039).
--
-- The guarantee, against any number of nodes and commands, and whoever of them dies, is paused or is cut off from here: one at a time is at
-- a round. The turn is one row; whoever takes it has it until held_until, by this server's clock, and renews it meanwhile. Each taking
-- raises the fence, and what is noted of a step is noted only under the fence that is in force: one who was paused and comes back notes
-- nothing. What a step does is idempotent and has guards of its own (the archive's lock and manifests, may_drop_partition), so that one
-- who does not know yet that the turn is lost does no harm.
CREATE TABLE spendwatch.archive_rounds (
  only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  fence        bigint NOT NULL DEFAULT 0,
  holder       text,
  held_until   timestamptz,
  begun_at     timestamptz,
  completed_at timestamptz,
  retry_at     timestamptz
);
COMMENT ON TABLE spendwatch.archive_rounds IS 'whose turn it is to bring old days to the archive; one row';
COMMENT ON COLUMN spendwatch.archive_rounds.holder IS 'who is at a round; null for nobody';
COMMENT ON COLUMN spendwatch.archive_rounds.held_until IS 'from then on another one may take the turn; null while nobody has it';
COMMENT ON COLUMN spendwatch.archive_rounds.begun_at IS 'when the last round began';
COMMENT ON COLUMN spendwatch.archive_rounds.completed_at IS 'when a round last ended with all of its steps done';
COMMENT ON COLUMN spendwatch.archive_rounds.retry_at IS 'when the last round is tried again; null where it was complete';
INSERT INTO spendwatch.archive_rounds DEFAULT VALUES;

CREATE TABLE spendwatch.archive_round_steps (
  step     text   PRIMARY KEY,
  state    text   NOT NULL CHECK (state IN ('RUNNING', 'DONE', 'WAITING', 'FAILED')),
  reason   text,
  begun_at timestamptz,
  took_ms  bigint,
  done_at  timestamptz,
  retry_at timestamptz,
  tries    integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE spendwatch.archive_round_steps IS 'what became of each step of a round; no row for one that never ran or waited';
COMMENT ON COLUMN spendwatch.archive_round_steps.reason IS 'what was done, what it waits for, or what has failed; for people';
COMMENT ON COLUMN spendwatch.archive_round_steps.begun_at IS 'of its last run, took_ms too';
COMMENT ON COLUMN spendwatch.archive_round_steps.done_at IS 'when it was last done';
COMMENT ON COLUMN spendwatch.archive_round_steps.tries IS 'in a row that were not done';

-- Each day's files are read once more when it is there. Those that are there already were read back when they were written.
ALTER TABLE spendwatch.archived_days ADD COLUMN verified_revision integer;
COMMENT ON COLUMN spendwatch.archived_days.verified_revision IS
  'of its manifest, when a round last read all of its files and found them as they should be; null for never';
UPDATE spendwatch.archived_days SET verified_revision = revision;
