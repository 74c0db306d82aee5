-- Promises the latest stream time of all partitions of the topic; null before any.
SELECT max(stream_time) FROM spendwatch.pipelines
