-- Promises a growth under way, if $1 partitions are in force: to $2, with the marks $3. One that is under way already stays.
UPDATE spendwatch.topic_layout
   SET growing_to = $2,
       marks = $3,
       version = version + 1
 WHERE partitions = $1
   AND growing_to IS NULL
