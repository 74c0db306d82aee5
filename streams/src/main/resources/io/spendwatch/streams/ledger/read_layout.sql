-- Promises the layout in force, and for which of its partitions a growth under way still waits; no row before the first claim.
SELECT version, partitions, former, growing_to, marks, spendwatch.partitions_awaited(), announced
  FROM spendwatch.topic_layout
