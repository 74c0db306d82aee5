-- Promises the instant of event time up to which nothing more is to be expected: the least stream time of the partitions that have any.
-- That of a partition without records moves on with the clock.
SELECT min(stream_time + greatest(interval '0', clock_timestamp() - coalesce(written_at, clock_timestamp())))
  FROM spendwatch.pipelines
 WHERE stream_time IS NOT NULL
