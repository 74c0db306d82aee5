-- While a partition has nothing to read, its stream time moves on with the wall clock from its last record. The guarantee: it does
-- so across restarts and moves to another node too, so an idle user's episode ends on time however often that happens.
ALTER TABLE spendwatch.pipelines ADD COLUMN written_at timestamptz;
COMMENT ON COLUMN spendwatch.pipelines.written_at IS 'wall clock of the last write with transactions; null before any';
