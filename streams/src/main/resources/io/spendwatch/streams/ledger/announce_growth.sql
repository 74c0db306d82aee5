-- Promises that nobody takes a growth to $1 partitions for one that was not asked for.
UPDATE spendwatch.topic_layout
   SET announced = greatest(announced, $1)
